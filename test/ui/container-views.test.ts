import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatEvent } from "../../src/ui/events-view.ts";
import { formatImages } from "../../src/ui/images-view.ts";
import { formatLs } from "../../src/ui/ls-view.ts";
import { formatStats } from "../../src/ui/stats-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { formatTop } from "../../src/ui/top-view.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

const style = styleWith({ color: false });

const usage = {
  cpuPercent: 12.345,
  memory: 10_000_000,
  memoryLimit: 100_000_000,
  networkReceived: 1500,
  networkSent: 0,
  blockRead: 0,
  blockWritten: 4096,
  processes: 3,
};
const web = { service: "web", number: 1, name: "shop-web-1", id: "c1" };

describe("tables about containers", () => {
  test("ls: projects with the number of their containers by state", () => {
    const rows = [
      { name: "shop", files: ["/shop/dock.yaml"], services: ["web"], states: { running: 2, exited: 1 } },
      { name: "old", files: [], services: [], states: { exited: 1 } },
    ];
    expect(formatLs(rows, style)).toBe(
      ["NAME  STATUS                 FILE", "shop  running(2), exited(1)  /shop/dock.yaml", "old   exited(1)"].join(
        "\n",
      ),
    );
    expect(formatLs([], style)).toBe("No projects. `dock up` makes one.");
  });

  test("stats: what each container uses, and nothing of one that does not run", () => {
    expect(
      formatStats(
        [
          { ...web, usage },
          { ...web, name: "shop-db-1" },
        ],
        style,
      ),
    ).toBe(
      [
        "NAME        CPU %     MEM / LIMIT  MEM %       NET I/O     BLOCK I/O  PIDS",
        "shop-web-1  12.3%  10 MB / 100 MB  10.0%  1.5 kB / 0 B  0 B / 4.1 kB     3",
        "shop-db-1      --              --     --            --            --    --",
      ].join("\n"),
    );
  });

  test("images: an input tag is shown as far as people compare it", () => {
    const row = {
      service: "web",
      number: 1,
      container: "shop-web-1",
      repository: "shop-web",
      tag: `in-${"0123456789abcdef".repeat(4)}`,
      id: `sha256:${"fedcba9876543210".repeat(4)}`,
      tags: [],
      platform: "linux/amd64",
      size: 1_980_000,
    };
    expect(formatImages([row], style)).toBe(
      [
        "CONTAINER   REPOSITORY  TAG               PLATFORM     IMAGE ID         SIZE",
        "shop-web-1  shop-web    in-0123456789ab…  linux/amd64  fedcba987654  1.98 MB",
      ].join("\n"),
    );
  });

  test("top: the engine's columns under each container's name", () => {
    const row = { name: "shop-web-1", titles: ["PID", "CMD"], processes: [["1", "sleep 3600"]] };
    expect(formatTop([row, { ...row, name: "shop-db-1", processes: [] }], style)).toBe(
      "shop-web-1\nPID  CMD\n1    sleep 3600\n\nshop-db-1\nPID  CMD",
    );
  });

  test("events: one line each", () => {
    const row = { time: 0, service: "web", name: "shop-web-1", action: "die", details: { exitCode: "1" } };
    expect(formatEvent(row, style)).toBe("1970-01-01T00:00:00.000Z  shop-web-1  die  (exitCode=1)");
    expect(formatEvent({ ...row, action: "start", details: {} }, style)).toBe(
      "1970-01-01T00:00:00.000Z  shop-web-1  start",
    );
  });
});

test("names can't touch the terminal", () => {
  const color = styleWith({ color: true, width: 60 });
  fc.assert(
    fc.property(hostileText, (text) => {
      const texts = [
        formatLs([{ name: text, files: [text], services: [text], states: { [text]: 1 } }], color),
        formatStats([{ ...web, name: text, usage }], color),
        formatTop([{ name: text, titles: [text], processes: [[text]] }], color),
        formatEvent({ time: 0, service: text, name: text, action: text, details: { [text]: text } }, color),
        formatImages(
          [
            {
              service: text,
              number: 1,
              container: text,
              repository: text,
              tag: text,
              id: text,
              tags: [],
              platform: text,
              size: 1,
            },
          ],
          color,
        ),
      ];
      for (const shown of texts) expect(shown).toMatch(SAFE_OUTPUT);
    }),
  );
});
