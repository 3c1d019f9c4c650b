import { createApp } from "vue";

import App from "./App.vue";
import "./assets/harbour.css";

createApp(App).mount("#app");
