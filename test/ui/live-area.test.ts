import { describe, expect, test } from "vitest";
import { LiveArea } from "../../src/ui/live-area.ts";
import { Screen } from "./screen.ts";

/** What a redrawing display writes: the last frame taken back, then the next. */
function frame(area: LiveArea, lines: readonly string[], before: readonly string[]): void {
  const count = before.length === 0 ? 0 : before.length + 1;
  const back = count === 0 ? "" : `${"\x1b[2K\x1b[1A".repeat(count - 1)}\x1b[2K\x1b[G`;
  area.draw(`${back}${lines.join("\n")}\n`);
}

describe("LiveArea", () => {
  test("others' lines appear above the frame, whichever stream they use", () => {
    const screen = new Screen();
    // The same terminal by a file descriptor of its own.
    const stdout = { isTTY: true, write: (text: string) => Screen.prototype.write.call(screen, text) };
    const area = new LiveArea(screen, [stdout]);
    area.open();
    frame(area, ["build 1 s"], []);
    screen.write("warning: one\n");
    stdout.write("two\nthr");
    frame(area, ["build 2 s", "more"], ["build 1 s"]);
    stdout.write("ee\n");
    expect(screen.text).toBe("warning: one\ntwo\nthree\nbuild 2 s\nmore");
    area.close();
  });

  test("an unfinished line is printed when the display ends, below it", () => {
    const screen = new Screen();
    const area = new LiveArea(screen, []);
    area.open();
    frame(area, ["done"], []);
    screen.write("loose end");
    area.close();
    screen.write("after\n");
    expect(screen.text).toBe("done\nloose end\nafter");
  });

  test("callbacks of writes are called, bytes are taken", async () => {
    const screen = new Screen();
    const area = new LiveArea(screen, []);
    area.open();
    const write = screen.write.bind(screen) as unknown as (chunk: Uint8Array, callback: () => void) => boolean;
    await new Promise<void>((resolve) => {
      write(new TextEncoder().encode("é\n"), resolve);
    });
    expect(screen.text).toBe("é");
    area.close();
  });

  test("a stream that is no terminal is left alone, and all get their own write back", () => {
    const screen = new Screen();
    const pipe = { write: (): boolean => true };
    const { write } = pipe;
    const area = new LiveArea(screen, [pipe]);
    area.open();
    expect(pipe.write).toBe(write);
    expect(Object.hasOwn(screen, "write")).toBe(true);
    area.close();
    expect(Object.hasOwn(screen, "write")).toBe(false);
  });

  test("a terminal that got narrower has broken lines, which are taken back too", () => {
    const screen = new Screen(40);
    const area = new LiveArea(screen, []);
    area.open();
    const wide = ["x".repeat(30), "y"];
    frame(area, wide, []);
    screen.raw = "";
    screen.columns = 20;
    frame(area, ["short"], wide);
    expect(screen.raw).toBe(`${"\x1b[2K\x1b[1A".repeat(3)}\x1b[2K\x1b[Gshort\n`);
    area.close();
  });
});
