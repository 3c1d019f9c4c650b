import { FakeEngine, type FakeEngineOptions } from "./fake-engine.ts";
import type { NewImage } from "./fake-engine-images.ts";

/** What the parent may ask of a fake engine in a process of its own. */
export type FakeCommand = { readonly kind: "addImage"; readonly image: NewImage } | { readonly kind: "requests" };

const engine = await FakeEngine.start(JSON.parse(process.env["FAKE_ENGINE_OPTIONS"] ?? "{}") as FakeEngineOptions);

// The parent closes the channel when it is done, and also by dying.
process.once("disconnect", () => void engine[Symbol.asyncDispose]().then(() => process.exit(0)));
process.on("message", (command: FakeCommand) => {
  if (command.kind === "addImage") engine.addImage(command.image);
  process.send?.({ requests: engine.requests });
});
process.send?.({ host: engine.host });
