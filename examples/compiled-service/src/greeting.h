#define GREETING "Hello from the shipyard"
