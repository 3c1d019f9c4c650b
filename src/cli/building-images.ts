import type { Event } from "../event.ts";
import { actionId } from "../plan/plan.ts";
import type { Renderer } from "../ui/renderer.ts";

const BUILD = actionId("image.build", "image:");

/** Passes events on to a renderer and knows from them which images are being built. */
export class BuildingImages implements Renderer {
  readonly #renderer: Renderer;
  readonly #images = new Set<string>();

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  /** Keys of the images that are being built at this moment. */
  get images(): ReadonlySet<string> {
    return this.#images;
  }

  emit(event: Event): void {
    if ("id" in event && event.id.startsWith(BUILD)) {
      const image = event.id.slice(BUILD.length);
      if (event.type === "action-started") this.#images.add(image);
      else this.#images.delete(image);
    }
    this.#renderer.emit(event);
  }

  /** The renderer is another's to close. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
