variable "REGISTRY" {
  default = "registry.example/shop"
}

variable "VERSION" {
  type        = string
  default     = "1.4.0"
  description = "Release that the tags name"
}

group "default" {
  targets = ["service", "site"]
}

target "_common" {
  dockerfile = "Dockerfile.release"
  args = {
    VERSION = VERSION
    DEBUG   = "0"
  }
  labels = {
    "org.example.vendor" = "shop"
  }
}

target "_go" {
  args = {
    GO_VERSION  = "1.22"
    CGO_ENABLED = "0"
  }
  target = "release"
}

target "service" {
  name     = "service-${item.name}"
  inherits = ["_common", "_go"]
  matrix = {
    item = [
      { name = "cart", port = "7070" },
      { name = "checkout", port = "5050" },
      { name = "mail", port = "8080" },
    ]
  }
  context = "./services/${item.name}"
  args = {
    PORT = item.port
  }
  tags = [
    "${REGISTRY}/${item.name}:${VERSION}",
    "${REGISTRY}/${item.name}:latest",
  ]
}

target "site" {
  inherits   = ["_common"]
  context    = "./site"
  dockerfile = "docker/Dockerfile"
  args = {
    DEBUG = "1"
  }
  tags = ["${REGISTRY}/site:${VERSION}"]
}
