import { DockError } from "../error.ts";

/** The newest Engine API that dock was written against. */
const NEWEST = "1.51";
/** The oldest that it can work with: Engine 20.10. */
const OLDEST = "1.41";

/** The API version to speak with an engine that offers `offered` (header `Api-Version` of its ping); `asked` is DOCKER_API_VERSION. */
export function negotiateVersion(offered: string | undefined, asked: string | undefined): string {
  if (offered === undefined || !isVersion(offered)) {
    throw new DockError(
      "engine-unreachable",
      "what answers there is not a Docker engine: it does not name its API version",
      {
        hint: "check -H, DOCKER_HOST or the docker context",
      },
    );
  }
  if (compareVersions(offered, OLDEST) < 0) {
    throw new DockError("engine-too-old", `the engine speaks API ${offered}, dock needs ${OLDEST} or newer`, {
      hint: "update the engine: Docker 20.10 and newer will do",
    });
  }
  if (asked === undefined || asked === "") return compareVersions(offered, NEWEST) < 0 ? offered : NEWEST;
  return checkAsked(asked.replace(/^v/, ""), offered);
}

function checkAsked(asked: string, offered: string): string {
  const hint = "unset DOCKER_API_VERSION and dock takes the newest version that both sides speak";
  if (!isVersion(asked)) {
    throw new DockError("usage", `DOCKER_API_VERSION is "${asked}", which is no version such as ${NEWEST}`, { hint });
  }
  if (compareVersions(asked, OLDEST) < 0) {
    throw new DockError("engine-too-old", `DOCKER_API_VERSION asks for ${asked}, dock needs ${OLDEST} or newer`, {
      hint,
    });
  }
  if (compareVersions(asked, offered) > 0) {
    throw new DockError("engine-too-old", `DOCKER_API_VERSION asks for ${asked}, the engine speaks up to ${offered}`, {
      hint,
    });
  }
  return asked;
}

function isVersion(text: string): boolean {
  return /^\d+\.\d+$/.test(text);
}

/** Orders API versions by their numbers: 1.9 is before 1.41. */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
