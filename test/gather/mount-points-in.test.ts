import { expect, test } from "vitest";
import { parseDockerfile } from "../../src/dockerfile/parse.ts";
import type { Dockerfiles, ReadDockerfile } from "../../src/gather/dockerfiles.ts";
import { mountPointsIn } from "../../src/gather/mount-points-in.ts";
import { projectOf } from "../support/world.ts";

const PROJECT = projectOf(`
images: { app: { context: ./app } }
services:
  app:
    image: app
    tmpfs: /app/tmp
    dev: { mounts: ["./app:/app", "/app/deep/modules", "./app/inner:/lib"] }
  elsewhere: { image: x, working_dir: /app/never, mounts: ["./other:/app"] }
`);

function pointsOf(text: string, directory = "/project/app"): readonly string[] {
  const image = PROJECT.images["app"];
  if (!image) throw new Error("no image");
  const file = { image, dockerfile: parseDockerfile(text), scope: {} } as ReadDockerfile;
  const dockerfiles: Dockerfiles = new Map([["app", file]]);
  return [...mountPointsIn(PROJECT, directory, dockerfiles)].toSorted();
}

test("mounts, volumes and the working directory have their places in a bound context, with what is above them", () => {
  const text = "FROM a AS one\nWORKDIR /app/w\nFROM one\nWORKDIR here\nVOLUME /app/data /lib/own /var/x\n";
  expect(pointsOf(text)).toEqual(["data", "deep", "deep/modules", "inner/own", "tmp", "w", "w/here"]);
});

test("places that are not known, and binds of other directories, have none", () => {
  expect(pointsOf("FROM a\nARG X\nWORKDIR $Y/x\n", "/project/app/deep")).toEqual(["modules"]);
  expect(pointsOf("FROM a\nWORKDIR relative\n", "/project/web")).toEqual([]);
});
