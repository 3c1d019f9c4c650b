variable "REPO" {
  default = "runtime"
}

target "default" {
  name = "runtime-${replace(node, ".", "-")}-${os}"
  matrix = {
    node = ["20", "22.4"]
    os   = ["slim", "alpine"]
  }
  dockerfile = "${os}.Dockerfile"
  args = {
    NODE_VERSION = node
    BASE         = "${os}-base"
  }
  tags = ["${REPO}:${node}-${os}"]
}

target "tools" {
  name     = "tools-${shell}"
  inherits = ["runtime-20-slim"]
  matrix = {
    shell = ["sh", "bash"]
  }
  target = "tools"
  args = {
    SHELL_NAME = shell
  }
  tags = ["${REPO}-tools:${shell}"]
}
