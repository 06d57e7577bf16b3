// Takes the pictures of the README, of a run of the pipeline: `npm run pictures`, after `cargo build -p thundra-console`
// and `cargo build -p thundra-examples --bins`.

import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { openPage, startBrowser, startConsole } from "./console.mjs";

const root = new URL("../../../..", import.meta.url).pathname;
const pictures = `${root}examples/console/pictures`;
const MAX_BYTES = 200_000;

const console = await startConsole();
const browser = await startBrowser();
try {
  const shop = spawnSync(`${root}target/debug/pipeline`, [`--console=${console.otlp}`], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  const link = /In the console: (\S+)/.exec(shop.stdout)?.[1];
  if (link === undefined) throw new Error(`no link: ${shop.stdout}`);
  for (const [name, path, ready, width, height] of [
    ["request", link.slice(console.origin.length), ".span-row", 1280, 720],
    ["map", "/map", ".node-name", 1440, 560],
  ]) {
    const { page, open, close } = await openPage(browser, console, { width, height });
    await open(path, ready);
    await page.mouse.move(0, 0);
    await page.waitForTimeout(1000);
    await page.screenshot({ path: `${pictures}/${name}.png`, animations: "disabled" });
    await close();
  }
} finally {
  await browser.close();
  console.stop();
}
const bytes = ["request", "map"].reduce((sum, name) => sum + statSync(`${pictures}/${name}.png`).size, 0);
if (bytes > MAX_BYTES) throw new Error(`the pictures have ${bytes} bytes, and may have ${MAX_BYTES}`);
