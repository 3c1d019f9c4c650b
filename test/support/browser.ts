import { chromium, type Page } from "playwright-core";
import { ensureBrowser } from "../../scripts/setup/browser.mjs";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Milliseconds for the browser to start and for a page to load. */
const PATIENCE = 30_000;

/** A headless browser with an empty profile of its own; disposing it ends its processes and removes the profile. */
export interface TestBrowser extends AsyncDisposable {
  /** A page, in a session of its own, on which `url` has loaded; rejects when it did not within 30 s. */
  openPage(url: string): Promise<Page>;
}

/** Starts the machine's Chromium or Chrome, which is installed first on Debian as root; anywhere else its absence is an error. */
export async function launchBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: await ensureBrowser(),
    headless: true,
    args: FLAGS,
    timeout: PATIENCE,
  });
  return {
    async openPage(url) {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE);
      await page.goto(url);
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
