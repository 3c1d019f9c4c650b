import type { Call } from "./call.ts";
import type { ObservedVolume } from "../plan/observed.ts";
import type { VolumeCalls } from "./volume-calls.ts";
import { listQuery } from "./filter.ts";
import { route } from "./route.ts";
import { asAnswerList, asObject, asOptionalText, asText, asTextMap } from "./shape.ts";
import type { Transport } from "./transport.ts";

/** The calls about volumes, over a transport. */
export function volumeCalls(transport: Transport): VolumeCalls {
  const { deadlines } = transport;
  return {
    listVolumes: async (filter, signal) => {
      const call: Call = {
        what: "list volumes",
        method: "GET",
        path: "/volumes",
        query: listQuery(filter),
        deadlineMs: deadlines.answer,
      };
      const list = await transport.json(
        call,
        (value) => asAnswerList(asObject(value, "answer")["Volumes"], "Volumes").map(readVolume),
        signal,
      );
      return filter.names ? list.filter((volume) => filter.names?.includes(volume.name) === true) : list;
    },
    createVolume: async (request, signal) => {
      const body = {
        Name: request.name,
        Labels: request.labels,
        Driver: request.driver ?? "local",
        DriverOpts: request.options ?? {},
      };
      const call: Call = {
        what: `create volume "${request.name}"`,
        method: "POST",
        path: "/volumes/create",
        body,
        deadlineMs: deadlines.change,
      };
      await transport.json(call, readVolume, signal);
    },
    removeVolume: async (name, signal) => {
      const call: Call = {
        what: `remove volume "${name}"`,
        method: "DELETE",
        path: route`/volumes/${name}`,
        accept: [404],
        deadlineMs: deadlines.change,
      };
      await transport.answer(call, signal);
    },
  };
}

function readVolume(value: unknown): ObservedVolume {
  const volume = asObject(value, "volume");
  return {
    name: asText(volume["Name"], "volume.Name"),
    labels: asTextMap(volume["Labels"], "volume.Labels"),
    driver: asOptionalText(volume["Driver"], "volume.Driver"),
  };
}
