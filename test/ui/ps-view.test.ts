import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPs, type PsRow } from "../../src/ui/ps-view.ts";
import { styleWith } from "../../src/ui/style.ts";
import { hostileText, SAFE_OUTPUT } from "./hostile-text.ts";

const style = styleWith({ color: false });
const narrow = styleWith({ color: true, width: 60 });

const web: PsRow = {
  service: "web",
  number: 1,
  name: "shop-web-1",
  id: "c1",
  image: "shop-web:latest",
  state: "running",
  health: "healthy",
  ports: [{ host: "127.0.0.1", hostPort: 8080, port: 80, protocol: "tcp" }],
  upToDate: true,
};

describe("formatPs", () => {
  test("shows state, health and ports", () => {
    const { health: _, ...row } = web;
    const rows: PsRow[] = [
      web,
      { ...row, service: "migrate", name: "shop-migrate-1", state: "exited", exitCode: 0, ports: [], upToDate: false },
      {
        ...row,
        service: "dns",
        name: "shop-dns-1",
        ports: [
          { host: "::1", hostPort: 53, port: 53, protocol: "udp" },
          { host: "127.0.0.1", hostPort: 9001, port: 9001, protocol: "tcp" },
          { host: "127.0.0.1", hostPort: 9000, port: 9000, protocol: "tcp" },
        ],
      },
    ];
    expect(formatPs(rows, style)).toBe(
      [
        "NAME            SERVICE  IMAGE            STATE                      PORTS",
        "shop-web-1      web      shop-web:latest  running (healthy)          127.0.0.1:8080→80",
        "shop-migrate-1  migrate  shop-web:latest  exited (code 0, outdated)",
        "shop-dns-1      dns      shop-web:latest  running                    [::1]:53→53/udp, 127.0.0.1:9000-9001→9000-9001",
      ].join("\n"),
    );
  });

  test("says how containers come about when there are none", () => {
    expect(formatPs([], style)).toBe("No containers. `dock up` makes them.");
  });
});

test("names can't touch the terminal", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const port = { host: text, hostPort: 1, port: 1, protocol: text };
      const row = { ...web, name: text, service: text, image: text, state: text, health: text, ports: [port] };
      expect(formatPs([row], narrow)).toMatch(SAFE_OUTPUT);
    }),
  );
});
