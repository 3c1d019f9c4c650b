import { expect } from "vitest";
import { scenario } from "../../support/scenario.ts";

scenario("dev mode builds the stage that it names, and without it the image's own is run", async ({ s }) => {
  await s.write({
    "app/Dockerfile": [
      "FROM busybox:latest AS base",
      'CMD ["sleep", "3600"]',
      "FROM base AS dev",
      "RUN echo dev > /stage",
      "FROM base AS prod",
      "RUN echo prod > /stage",
    ].join("\n"),
  });
  await s.declare({
    images: { app: { context: "app", target: "prod" } },
    services: { web: { image: "app", stop_signal: "SIGKILL", dev: { target: "dev" } } },
  });
  const first = await s.dock(["up", "-d"]);
  expect(first.stderr).toContain("image:app-dev");
  expect(await s.inside("web", "cat", "/stage")).toBe("dev");
  await s.dock(["up", "-d", "--no-dev"]);
  expect(await s.inside("web", "cat", "/stage")).toBe("prod");
  const back = await s.dock(["up", "-d"]);
  expect(back.builderCalled).toBe(false);
  expect(await s.inside("web", "cat", "/stage")).toBe("dev");
});
