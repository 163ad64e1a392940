import { defineConfig } from "vite";

// A classic script and fixed names: hosts name these files in pages of their own making, and a module script does not load
// from every scheme that a host may serve them by.
export default defineConfig({
  base: "./",
  build: {
    target: "chrome111",
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: "src/main.tsx",
      output: {
        format: "iife",
        entryFileNames: "assets/view.js",
        assetFileNames: (asset) =>
          asset.names[0]?.endsWith(".css") ? "assets/view.css" : "assets/logos/[name][extname]",
      },
    },
  },
});
