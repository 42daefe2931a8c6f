/** The broker id under which a host announces its `HostEventService`, before Init. */
export const HOST_EVENT_SERVICE_ID = 1;
