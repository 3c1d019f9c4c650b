export const greeting = "Hello from the quay";
