group "default" {
  targets = ["binary", "image"]
}

group "validate" {
  targets = ["lint", "vendor"]
}

target "_settings" {
  args = {
    BUILDKIT_CONTEXT_KEEP_GIT_DIR = "1"
    GO_VERSION                    = "1.22"
  }
}

target "_release" {
  args = {
    GO_VERSION = "1.23"
    STRIP      = "1"
  }
}

target "base" {
  inherits   = ["_settings"]
  context    = "./build"
  dockerfile = "base.Dockerfile"
  tags       = ["tool-base:dev"]
}

target "binary" {
  inherits = ["_settings", "_release"]
  contexts = {
    base   = "target:base"
    assets = "./assets"
  }
  target = "binary"
  tags   = ["tool:binary"]
}

target "image" {
  inherits = ["binary"]
  contexts = {
    certs = "docker-image://alpine:3.20"
  }
  target = "image"
  tags   = ["tool:latest", "tool:1"]
}

target "lint" {
  inherits   = ["_settings"]
  dockerfile = "./hack/lint.Dockerfile"
  tags       = ["tool-lint:dev"]
}

target "vendor" {
  inherits   = ["_settings", "lint"]
  dockerfile = "./hack/vendor.Dockerfile"
  target     = "validate"
  args = {
    EXTRA = null
  }
  tags = ["tool-vendor:dev"]
}
