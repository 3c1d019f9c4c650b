import express from "express";
import { greeting } from "./greeting.js";

const app = express();

app.get("/", (request, response) => {
  response.json({ greeting, pid: process.pid });
});

app.listen(3000);
