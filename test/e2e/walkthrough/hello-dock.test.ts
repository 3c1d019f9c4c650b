import { chown, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { launchBrowser } from "../../support/browser.ts";
import { eventually } from "../../support/scenario.ts";
import { BUILDING, type Example, freePorts, openExample } from "../../support/walkthrough.ts";
import { requireRegistry, runInImage } from "../../support/walkthrough-network.ts";

const SERVICE = "hello-dock-dev";
const SIGN = "src/components/WelcomeSign.vue";
/** Who the copied directory belongs to, where the tests may give it away: nobody that any image knows. */
const OWNER = process.getuid?.() === 0 ? 12_345 : (process.getuid?.() ?? 0);
/** All files below node_modules with their sizes, but what the development server itself puts there. */
const LISTING = "cd /app/node_modules && find . -type f ! -path './.vite*' -printf '%s %p\\n' | sort | sha256sum";

vi.setConfig({ testTimeout: BUILDING + 20_000 });

/** Each step goes on from what the one before has made, as a reader of the walk-through would. */
describe("a development server in a container", () => {
  let example: Example;
  let url: string;

  beforeAll(async () => {
    const [port = ""] = await freePorts(1);
    url = `http://127.0.0.1:${port}/`;
    example = await openExample("hello-dock", { PORT: port });
    await chown(example.directory, OWNER, process.getgid?.() ?? 0);
    await requireRegistry(example.scenario.engine, example.scenario.project);
  });
  afterAll(async () => {
    await example?.[Symbol.asyncDispose]();
  });

  const inside = async (...command: readonly string[]): Promise<string> =>
    (await example.dock(["exec", SERVICE, ...command])).stdout.trim();

  async function container(): Promise<string> {
    return (await example.scenario.ids())[`${SERVICE}/1`] ?? "";
  }

  /** Names of the volumes that dock made for the project. */
  async function volumes(): Promise<readonly string[]> {
    const all = await example.scenario.engine.volumes();
    return all.flatMap(({ Name, Labels }) => (Labels?.["dev.dock.project"] === example.scenario.project ? [Name] : []));
  }

  test("it comes up from nothing and serves its page", async () => {
    await example.dock(["up", "-d"]);
    await eventually(async () => {
      const page = await (await fetch(url, { signal: AbortSignal.timeout(10_000) })).text();
      expect(page).toContain("<title>Hello, dock</title>");
    });
  });

  test("its node_modules are the image's, and the host has at most an empty directory of that name", async () => {
    const { engine, project } = example.scenario;
    const image = { image: `${example.repository}:dev`, name: `${project}-listing` };
    const { code, text } = await runInImage(engine, image, ["sh", "-c", LISTING]);
    expect(code).toBe(0);
    expect(await inside("sh", "-c", LISTING)).toBe(text);
    expect(await inside("sh", "-c", "ls /app/node_modules/vue/package.json")).toContain("vue");
    if (!(await readdir(example.directory)).includes("node_modules")) return;
    expect(await readdir(join(example.directory, "node_modules"))).toEqual([]);
    expect((await stat(join(example.directory, "node_modules"))).uid).toBe(OWNER);
  });

  test("a second up changes nothing on the engine", async () => {
    const before = await container();
    const { mutations, builderCalled } = await example.dock(["up", "-d"]);
    expect(mutations).toEqual([]);
    expect(builderCalled).toBe(false);
    expect(await container()).toBe(before);
    await example.dock(["plan", "--detailed-exitcode"]);
  });

  test("a browser shows the edit of a component without a reload", async () => {
    const before = await container();
    await using browser = await launchBrowser();
    const page = await browser.openPage(url);
    await page.getByText("Hello from the dock").waitFor();
    await page.evaluate("globalThis.neverReloaded = true");
    await page.locator("#unload").click();
    await page.getByText("1 container").waitFor();
    await example.edit(SIGN, "Hello from the dock", "Hello from an edit");
    await page.getByText("Hello from an edit").waitFor();
    expect(await page.evaluate("globalThis.neverReloaded")).toBe(true);
    expect(await page.locator("#tally").textContent()).toBe("1 container");
    const { actions } = await example.plan();
    expect(actions).toEqual([]);
    expect(await container()).toBe(before);
  });

  test("twenty edits in a row appear without a reload; a dependency that is added and imported at once ends with the page working", async () => {
    const watch = example.start(["watch"]);
    await watch.until(/^Watching /m);
    await using browser = await launchBrowser();
    const page = await browser.openPage(url);
    await page.getByText("Hello from an edit").waitFor();
    await page.evaluate("globalThis.neverReloaded = true");
    for (let edit = 1; edit <= 20; edit += 1) {
      const before = edit === 1 ? "Hello from an edit" : `Hello number ${edit - 1}.`;
      await example.edit(SIGN, before, `Hello number ${edit}.`);
      await page.getByText(`Hello number ${edit}.`).waitFor();
      // The development server passes over what is saved within a few milliseconds of the save before.
      const live = (): number => watch.stderr.match(/live hello-dock-dev/g)?.length ?? 0;
      await eventually(async () => expect(live()).toBe(edit));
    }
    expect(await page.evaluate("globalThis.neverReloaded")).toBe(true);
    await example.edit("package.json", '"vue": ', '"nanoevents": "9.1.0",\n    "vue": ');
    const script =
      '<script setup>\nimport { createNanoEvents } from "nanoevents";\nconst word = typeof createNanoEvents;\n</script>\n\n<template>';
    await example.edit(SIGN, "<template>", script);
    await example.edit(SIGN, "Hello number 20.", "Hello {{ word }}.");
    await watch.until(/package\.json.* rebuild hello-dock-dev, /, "stderr", BUILDING);
    await page.getByText("Hello function.").waitFor({ timeout: BUILDING });
    await example.edit(SIGN, "Hello {{ word }}.", "Hello from an edit");
    await example.edit(SIGN, script, "<template>");
    await page.getByText("Hello from an edit").waitFor();
    watch.signal("SIGINT");
    expect((await watch.end()).code).toBe(0);
  });

  test("under watch a new dependency rebuilds the image and replaces the container with its node_modules; a component is live", async () => {
    const [before, oldVolumes] = [await container(), await volumes()];
    expect(oldVolumes).toHaveLength(1);
    const watch = example.start(["watch"]);
    await watch.until(/^Watching /m);
    await example.edit(SIGN, "Hello from an edit", "Hello from a second edit");
    await watch.until(/WelcomeSign\.vue \S+ live hello-dock-dev/);
    await example.edit("package.json", '"vue": ', '"mitt": "3.0.1",\n    "vue": ');
    await watch.until(/package\.json \S+ rebuild hello-dock-dev/, "stderr", BUILDING);
    expect(watch.stderr.match(/image:hello +build /g)).toHaveLength(1);
    const imported = await inside("node", "-e", "import('mitt').then((mitt) => console.log(typeof mitt.default))");
    expect(imported).toBe("function");
    expect(await container()).not.toBe(before);
    const newVolumes = await volumes();
    expect(newVolumes).toHaveLength(1);
    expect(newVolumes).not.toEqual(oldVolumes);
    watch.signal("SIGINT");
    expect((await watch.end()).code).toBe(0);
    const { actions } = await example.plan();
    expect(actions).toEqual([]);
  });

  test("taken down, it leaves nothing on the engine but what its user has tagged", async () => {
    await example.takeDown();
  });
});
