// Starts the console and a browser for the tests.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const root = new URL("../../../..", import.meta.url).pathname;
const binaries = [process.env.THUNDRA_CONSOLE_BINARY, `${root}target/debug/thundra-console`];
const browsers = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const present = (paths) => paths.find((path) => path !== undefined && existsSync(path));

/** Why the tests are skipped; `false` where they run. */
export const skip =
  present(browsers) === undefined
    ? "SKIPPED: no Chromium"
    : present(binaries) === undefined
      ? "SKIPPED: no thundra-console; build it, or set THUNDRA_CONSOLE_BINARY"
      : false;

/** Starts a console on free ports. */
export async function startConsole() {
  const free = ["--page-port", "0", "--otlp-port", "0", "--xray-port", "0"];
  const process = spawn(present(binaries), free, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  const link = (await lines.next()).value;
  const otlp = (await lines.next()).value.replace(/^OTEL_EXPORTER_OTLP_ENDPOINT=/, "");
  const { origin, searchParams } = new URL(link);
  const headers = { authorization: `Bearer ${searchParams.get("token")}` };
  const get = async (path) => {
    const response = await fetch(origin + path, { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const send = async (signal, body) => {
    const response = await fetch(`${otlp}/v1/${signal}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${signal}: ${response.status} ${await response.text()}`);
  };
  return {
    link,
    origin,
    otlp,
    get,
    send,
    download: async (path) => (await fetch(origin + path, { headers })).text(),
    /** Waits until the store has so many spans. */
    async has(spans) {
      for (let turn = 0; turn < 600; turn += 1) {
        if ((await get("/api/v1/status")).spans >= spans) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`the store did not get ${spans} spans`);
    },
    stop: () => process.kill(),
  };
}

export const startBrowser = () =>
  chromium.launch({ executablePath: present(browsers), args: ["--no-sandbox", "--disable-gpu", "--no-first-run"] });

/** Opens the console in a page of its own, whose `problems` are errors, refused requests and dialogs. */
export async function openPage(
  browser,
  console,
  { scheme = "light", width = 1280, height = 800, bypassCSP = false } = {},
) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, bypassCSP });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("dialog", (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  if (console !== null) await page.goto(console.link);
  const open = async (path, ready) => {
    await page.goto(console.origin + path);
    if (ready !== undefined) await page.waitForSelector(ready);
  };
  return { page, problems, open, close: () => context.close() };
}

/** Holds the answers of a path of the API back, and returns a function that lets them go. */
export async function holdAnswers(page, path) {
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route(`**/api/v1/${path}`, async (route) => {
    await held;
    await route.continue();
  });
  return letGo;
}
