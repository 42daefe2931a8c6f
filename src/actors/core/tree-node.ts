/** A place in the tree of actors. */
export abstract class TreeNode<Node extends TreeNode<Node>> {
  readonly name: string;
  readonly #serial: number;
  /** The parent, and the node's path when it has left the tree. One field, since every actor has it. */
  #place: Node | string | undefined;
  #children: Map<string, Node> | undefined = undefined;

  constructor(parent: Node | undefined, name: string, serial: number) {
    this.name = name;
    this.#serial = serial;
    this.#place = parent;
  }

  /** Names from the root to the actor. Made when it is asked for: most actors are never asked. */
  get path(): string {
    const place = this.#place;
    if (typeof place === 'string') return place;
    return place === undefined ? `/${this.name}` : `${place.path}/${this.name}`;
  }

  /** Unique within the system. */
  get id(): string {
    return `actor-${this.#serial}`;
  }

  get parent(): Node | undefined {
    return typeof this.#place === 'string' ? undefined : this.#place;
  }

  /** The living children in the order of their start. */
  get children(): Iterable<Node> {
    return this.#children?.values() ?? [];
  }

  get hasChildren(): boolean {
    return this.#children !== undefined && this.#children.size > 0;
  }

  /** The children, for whoever adds or removes one. */
  get childMap(): Map<string, Node> {
    this.#children ??= new Map();
    return this.#children;
  }

  childNamed(name: string): Node | undefined {
    return this.#children?.get(name);
  }

  /** A reference that somebody keeps must not keep the tree above it. */
  leaveTree(): void {
    this.#place = this.path;
    this.#children = undefined;
  }
}
