import { expect, test } from "vitest";
import { exitCodeOf, healthOf, readListedContainer } from "../../src/engine/container-list.ts";

test.each([
  ["Up 5 minutes (healthy)", "healthy"],
  ["Up 5 minutes (unhealthy)", "unhealthy"],
  ["Up Less than a second (health: starting)", "starting"],
  ["Up 5 minutes", undefined],
  ["Exited (0) 2 hours ago", undefined],
])("the health in %j is %s", (status, health) => {
  expect(healthOf(status)).toBe(health);
});

test.each([
  ["Exited (137) 2 hours ago", 137],
  ["Exited (0) Less than a second ago", 0],
  ["Restarting (1) 4 seconds ago", 1],
  ["Created", undefined],
  ["Up 5 minutes (Paused)", undefined],
])("the exit code in %j is %s", (status, code) => {
  expect(exitCodeOf(status)).toBe(code);
});

test("an entry is read with its mounts, networks, ports and own name among links", () => {
  const entry = {
    Id: "abc",
    Names: ["/web/alias", "/shop-db-1"],
    Image: "app:latest",
    ImageID: "sha256:1",
    Created: 1,
    State: "running",
    Status: "Up 5 minutes (healthy)",
    Labels: null,
    Ports: [
      { IP: "127.0.0.1", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
      { PrivatePort: 443, Type: "tcp" },
    ],
    NetworkSettings: { Networks: { shop_default: { NetworkID: "net1" }, later: null } },
    Mounts: [
      { Type: "bind", Source: "/src", Destination: "/app" },
      { Type: "volume", Name: "data", Source: "/var/lib/x", Destination: "/data" },
      { Type: "tmpfs", Source: "", Destination: "/tmp" },
      { Type: "npipe", Source: "p", Destination: "q" },
    ],
  };
  expect(readListedContainer(entry)).toEqual({
    id: "abc",
    name: "shop-db-1",
    state: "running",
    health: "healthy",
    imageId: "sha256:1",
    imageRef: "app:latest",
    created: 1,
    labels: {},
    mounts: [
      { kind: "bind", source: "/src", target: "/app" },
      { kind: "volume", source: "data", target: "/data" },
      { kind: "tmpfs", source: "", target: "/tmp" },
      { kind: "other", source: "p", target: "q" },
    ],
    networks: { shop_default: "net1", later: "" },
    ports: [
      { hostIp: "127.0.0.1", hostPort: 8080, containerPort: 80, protocol: "tcp" },
      { containerPort: 443, protocol: "tcp" },
    ],
  });
});

test("a label called __proto__ is a label", () => {
  const base = { Id: "a", Names: ["/ab"], Image: "i", ImageID: "i", Created: 1, State: "created", Status: "Created" };
  const entry = JSON.parse(JSON.stringify(base).replace("{", '{"Labels":{"__proto__":"x"},')) as unknown;
  const { labels } = readListedContainer(entry);
  expect(Object.entries(labels)).toEqual([["__proto__", "x"]]);
  expect(Object.getPrototypeOf(labels)).toBe(Object.prototype);
});
