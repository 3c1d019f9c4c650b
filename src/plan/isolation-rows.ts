import { flag, list, map, row, type Row } from "./row.ts";
import type { SpecValue } from "./spec-value.ts";

/** What a container may do, and what of the machine it sees. */
export const ISOLATION_ROWS: Readonly<Record<string, Row<SpecValue>>> = {
  cap_add: row<readonly string[]>(
    ({ service }) => list(service.capAdd),
    (body, value) => void (body.HostConfig.CapAdd = value),
  ),
  cap_drop: row<readonly string[]>(
    ({ service }) => list(service.capDrop),
    (body, value) => void (body.HostConfig.CapDrop = value),
  ),
  privileged: row<boolean>(
    ({ service }) => flag(service.privileged),
    (body, value) => void (body.HostConfig.Privileged = value),
  ),
  read_only: row<boolean>(
    ({ service }) => flag(service.readOnly),
    (body, value) => void (body.HostConfig.ReadonlyRootfs = value),
  ),
  security_opt: row<readonly string[]>(
    ({ service }) => list(service.securityOpt),
    (body, value) => void (body.HostConfig.SecurityOpt = value),
  ),
  sysctls: row<Readonly<Record<string, string>>>(
    ({ service }) => map(service.sysctls),
    (body, value) => void (body.HostConfig.Sysctls = value),
  ),
  // What stands here for `service:` names a service; the container's id takes its place when it is created.
  pid: row<string>(
    ({ service }) => service.pid,
    (body, value) => void (body.HostConfig.PidMode = value),
  ),
  ipc: row<string>(
    ({ service }) => service.ipc,
    (body, value) => void (body.HostConfig.IpcMode = value),
  ),
  uts: row<string>(
    ({ service }) => service.uts,
    (body, value) => void (body.HostConfig.UTSMode = value),
  ),
  userns_mode: row<string>(
    ({ service }) => service.usernsMode,
    (body, value) => void (body.HostConfig.UsernsMode = value),
  ),
  cgroup: row<string>(
    ({ service }) => service.cgroup,
    (body, value) => void (body.HostConfig.CgroupnsMode = value),
  ),
  cgroup_parent: row<string>(
    ({ service }) => service.cgroupParent,
    (body, value) => void (body.HostConfig.CgroupParent = value),
  ),
};
