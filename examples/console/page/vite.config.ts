import { defineConfig, type Plugin } from "vite";

/**
 * Fails the build if a file of the bundle could end the element that holds it in an exported page, where the script
 * and the style sheet are inside of the document.
 */
function inlinable(): Plugin {
  return {
    name: "inlinable",
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        const text = file.type === "chunk" ? file.code : String(file.source);
        if (!file.fileName.endsWith(".html") && /<\/(script|style)|<!--/i.test(text)) {
          this.error(`${file.fileName}: "</script", "</style" or "<!--" would end the element that holds it`);
        }
      }
    },
  };
}

/** The bundle: one page, one script, one style sheet and one worker, whose names never change. */
export default defineConfig({
  plugins: [inlinable()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: true,
    rollupOptions: {
      output: {
        entryFileNames: "assets/console.js",
        assetFileNames: (asset) => (asset.names[0]?.endsWith(".css") ? "assets/console.css" : "assets/[name][extname]"),
        codeSplitting: false,
      },
    },
  },
  worker: {
    format: "es",
    rollupOptions: { output: { entryFileNames: "assets/worker.js" } },
  },
  server: {
    proxy: { "/api": { target: process.env.THUNDRA_CONSOLE ?? "http://127.0.0.1:8010", changeOrigin: true } },
  },
});
