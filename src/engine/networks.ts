import type { Call } from "./call.ts";
import type { NetworkCalls } from "./network-calls.ts";
import { listQuery } from "./filter.ts";
import { route } from "./route.ts";
import { asAnswerList, asObject, asOptionalObject, asOptionalText, asText, asTextMap } from "./shape.ts";
import type { Transport } from "./transport.ts";
import type { ObservedNetwork } from "../plan/observed.ts";

/** The calls about networks, over a transport. */
export function networkCalls(transport: Transport): NetworkCalls {
  const { deadlines } = transport;
  return {
    listNetworks: async (filter, signal) => {
      const call: Call = {
        what: "list networks",
        method: "GET",
        path: "/networks",
        query: listQuery(filter),
        deadlineMs: deadlines.answer,
      };
      const list = await transport.json(call, (value) => asAnswerList(value, "list").map(readNetwork), signal);
      return filter.names ? list.filter((network) => filter.names?.includes(network.name) === true) : list;
    },
    createNetwork: async (request, signal) => {
      const body = {
        Name: request.name,
        Labels: request.labels,
        // Engines before API 1.44 look for a network of this name only when asked to.
        CheckDuplicate: true,
        Driver: request.driver ?? "bridge",
        Options: request.options ?? {},
        Internal: request.internal ?? false,
        Attachable: request.attachable ?? false,
        EnableIPv6: request.enableIPv6 ?? false,
        ...(request.ipam && { IPAM: request.ipam }),
      };
      const call: Call = {
        what: `create network "${request.name}"`,
        method: "POST",
        path: "/networks/create",
        body,
        deadlineMs: deadlines.change,
      };
      return transport.json(call, (value) => asText(asObject(value, "answer")["Id"], "Id"), signal);
    },
    networkMembers: async (id, signal) => {
      const call: Call = {
        what: `inspect network "${id}"`,
        method: "GET",
        path: route`/networks/${id}`,
        deadlineMs: deadlines.answer,
      };
      return transport.json(call, readMembers, signal);
    },
    removeNetwork: async (id, signal) => {
      const call: Call = {
        what: `remove network "${id}"`,
        method: "DELETE",
        path: route`/networks/${id}`,
        accept: [404],
        deadlineMs: deadlines.change,
      };
      await transport.answer(call, signal);
    },
    connectNetwork: async (id, { container, endpoint }, signal) => {
      const body = { Container: container, ...(endpoint && { EndpointConfig: endpoint }) };
      const what = `connect container "${container}" to network "${id}"`;
      await transport.answer(
        { what, method: "POST", path: route`/networks/${id}/connect`, body, deadlineMs: deadlines.change },
        signal,
      );
    },
    disconnectNetwork: async (id, container, signal) => {
      const body = { Container: container, Force: false };
      const what = `disconnect container "${container}" from network "${id}"`;
      await transport.answer(
        { what, method: "POST", path: route`/networks/${id}/disconnect`, body, deadlineMs: deadlines.change },
        signal,
      );
    },
  };
}

function readMembers(value: unknown): readonly { readonly id: string; readonly name: string }[] {
  const containers = asOptionalObject(asObject(value, "network")["Containers"], "network.Containers");
  return Object.entries(containers).map(([id, member]) => ({
    id,
    name: asOptionalText(asObject(member, id)["Name"], "Name"),
  }));
}

function readNetwork(value: unknown): ObservedNetwork {
  const network = asObject(value, "network");
  return {
    id: asText(network["Id"], "network.Id"),
    name: asText(network["Name"], "network.Name"),
    labels: asTextMap(network["Labels"], "network.Labels"),
    driver: asOptionalText(network["Driver"], "network.Driver"),
  };
}
