import type { CommandEntry } from "./command.ts";

/** Every command by name; a command's module is loaded only when it is called. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: "Show the plan, carry it out, wait until ready",
    group: "Make it so",
    load: async () => (await import("./commands/up.ts")).up,
  },
  build: {
    summary: "Build images whose inputs changed",
    group: "Make it so",
    load: async () => (await import("./commands/build.ts")).build,
  },
  watch: {
    summary: "Keep everything true while you edit",
    group: "Make it so",
    load: async () => (await import("./commands/watch.ts")).watch,
  },
  down: {
    summary: "Remove the project's containers and networks",
    group: "Make it so",
    load: async () => (await import("./commands/down.ts")).down,
  },
  plan: {
    summary: "Show what up would do, and why; touches nothing",
    group: "Look",
    load: async () => (await import("./commands/plan.ts")).plan,
  },
  apply: {
    summary: "Carry out a plan that plan -o saved",
    group: "Make it so",
    load: async () => (await import("./commands/apply.ts")).apply,
  },
  why: {
    summary: "Show why something was last built, replaced or restarted",
    group: "Look",
    load: async () => (await import("./commands/why.ts")).why,
  },
  explain: {
    summary: "Show what saving a file would do, and which rule says so",
    group: "Look",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  ps: {
    summary: "List the project's containers",
    group: "Look",
    load: async () => (await import("./commands/ps.ts")).ps,
  },
  logs: {
    summary: "Show the output of containers",
    group: "Look",
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  top: {
    summary: "Show the processes in containers",
    group: "Look",
    load: async () => (await import("./commands/top.ts")).top,
  },
  stats: {
    summary: "Show what containers use",
    group: "Look",
    load: async () => (await import("./commands/stats.ts")).stats,
  },
  events: {
    summary: "Show what happens to containers",
    group: "Look",
    load: async () => (await import("./commands/events.ts")).events,
  },
  port: {
    summary: "Show where a port is published",
    group: "Look",
    load: async () => (await import("./commands/port.ts")).port,
  },
  ls: {
    summary: "List the projects on the engine",
    group: "Look",
    load: async () => (await import("./commands/ls.ts")).ls,
  },
  images: {
    summary: "List the images that containers run",
    group: "Look",
    load: async () => (await import("./commands/images.ts")).images,
  },
  prune: {
    summary: "Remove old builds of the project's images",
    group: "Make it so",
    load: async () => (await import("./commands/prune.ts")).prune,
  },
  history: {
    summary: "Show the layers of an image",
    group: "Look",
    load: async () => (await import("./commands/history.ts")).history,
  },
  context: {
    summary: "Show the files that an image's build sees",
    group: "Look",
    load: async () => (await import("./commands/context.ts")).context,
  },
  exec: {
    summary: "Run a command in a service's container",
    group: "Work with containers",
    load: async () => (await import("./commands/exec.ts")).exec,
  },
  run: {
    summary: "Run a command in a new container of a service",
    group: "Work with containers",
    load: async () => (await import("./commands/run.ts")).run,
  },
  start: {
    summary: "Start containers that are there",
    group: "Work with containers",
    load: async () => (await import("./commands/start.ts")).start,
  },
  stop: {
    summary: "Stop containers and keep them",
    group: "Work with containers",
    load: async () => (await import("./commands/stop.ts")).stop,
  },
  restart: {
    summary: "Restart containers as they are",
    group: "Work with containers",
    load: async () => (await import("./commands/restart.ts")).restart,
  },
  kill: {
    summary: "Send a signal to running containers",
    group: "Work with containers",
    load: async () => (await import("./commands/kill.ts")).kill,
  },
  cp: {
    summary: "Copy files from or to a container",
    group: "Work with containers",
    load: async () => (await import("./commands/cp.ts")).cp,
  },
  scale: {
    summary: "Set the number of containers of services",
    group: "Work with containers",
    load: async () => (await import("./commands/scale.ts")).scale,
  },
  pull: {
    summary: "Pull the images of services",
    group: "Work with containers",
    load: async () => (await import("./commands/pull.ts")).pull,
  },
  push: {
    summary: "Build what changed and push the tags of images",
    group: "Make it so",
    load: async () => (await import("./commands/push.ts")).push,
  },
  config: {
    summary: "Print the resolved project",
    group: "Project file and tool",
    load: async () => (await import("./commands/config.ts")).config,
  },
  validate: {
    summary: "Check the project file and show all mistakes",
    group: "Project file and tool",
    load: async () => (await import("./commands/validate.ts")).validate,
  },
  completion: {
    summary: "Print what makes a shell complete dock's words",
    group: "Project file and tool",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
  version: {
    summary: "Show the versions of dock and the engine",
    group: "Project file and tool",
    load: async () => (await import("./commands/version.ts")).version,
  },
};
