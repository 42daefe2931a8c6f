export { servicesOf } from './services-of.ts';
