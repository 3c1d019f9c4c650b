import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [vue()],
  server: {
    // Every address of the container: a published port doesn't arrive on its loopback.
    host: true,
    port: 3000,
    // Another port than the published one would be out of reach.
    strictPort: true,
    allowedHosts: ["localhost", "127.0.0.1"],
  },
});
