/** What VS Code 1.100 sets on a web view's page, for the colours that the view uses. */
import type { ThemeKind } from "../../src/bridge";

interface Theme {
  kind: ThemeKind;
  bodyClass: string;
  variables: Record<string, string>;
}

const fonts = { "--vscode-font-family": "system-ui, sans-serif", "--vscode-font-size": "13px" };

export const themes: Record<"dark" | "light" | "highContrast" | "highContrastLight", Theme> = {
  dark: {
    kind: "dark",
    bodyClass: "vscode-dark",
    variables: {
      ...fonts,
      "--vscode-foreground": "#cccccc",
      "--vscode-descriptionForeground": "#9d9d9d",
      "--vscode-errorForeground": "#f85149",
      "--vscode-focusBorder": "#0078d4",
      "--vscode-textLink-foreground": "#4daafc",
      "--vscode-sideBar-background": "#181818",
      "--vscode-sideBar-foreground": "#cccccc",
      "--vscode-widget-border": "#313131",
      "--vscode-editorWidget-background": "#202020",
      "--vscode-list-hoverBackground": "#2a2d2e",
      "--vscode-list-warningForeground": "#cca700",
      "--vscode-button-background": "#0078d4",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-hoverBackground": "#026ec1",
      "--vscode-button-border": "rgba(255, 255, 255, 0.07)",
      "--vscode-button-secondaryBackground": "#313131",
      "--vscode-button-secondaryForeground": "#cccccc",
      "--vscode-button-secondaryHoverBackground": "#3c3c3c",
      "--vscode-testing-iconPassed": "#73c991",
    },
  },
  light: {
    kind: "light",
    bodyClass: "vscode-light",
    variables: {
      ...fonts,
      "--vscode-foreground": "#3b3b3b",
      "--vscode-descriptionForeground": "#3b3b3b",
      "--vscode-errorForeground": "#f85149",
      "--vscode-focusBorder": "#005fb8",
      "--vscode-textLink-foreground": "#005fb8",
      "--vscode-sideBar-background": "#f8f8f8",
      "--vscode-sideBar-foreground": "#3b3b3b",
      "--vscode-widget-border": "#e5e5e5",
      "--vscode-editorWidget-background": "#f8f8f8",
      "--vscode-list-hoverBackground": "#f2f2f2",
      "--vscode-list-warningForeground": "#855f00",
      "--vscode-button-background": "#005fb8",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-hoverBackground": "#0258a8",
      "--vscode-button-border": "rgba(0, 0, 0, 0.1)",
      "--vscode-button-secondaryBackground": "#e5e5e5",
      "--vscode-button-secondaryForeground": "#3b3b3b",
      "--vscode-button-secondaryHoverBackground": "#cccccc",
      "--vscode-testing-iconPassed": "#73c991",
    },
  },
  highContrast: {
    kind: "highContrast",
    bodyClass: "vscode-high-contrast",
    variables: {
      ...fonts,
      "--vscode-foreground": "#ffffff",
      "--vscode-descriptionForeground": "rgba(255, 255, 255, 0.7)",
      "--vscode-errorForeground": "#f48771",
      "--vscode-focusBorder": "#f38518",
      "--vscode-contrastBorder": "#6fc3df",
      "--vscode-textLink-foreground": "#21a6ff",
      "--vscode-sideBar-background": "#000000",
      "--vscode-editorWidget-background": "#0c141f",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-border": "#6fc3df",
      "--vscode-button-secondaryForeground": "#ffffff",
      "--vscode-testing-iconPassed": "#73c991",
    },
  },
  highContrastLight: {
    kind: "highContrastLight",
    bodyClass: "vscode-high-contrast-light vscode-high-contrast",
    variables: {
      ...fonts,
      "--vscode-foreground": "#292929",
      "--vscode-descriptionForeground": "rgba(41, 41, 41, 0.7)",
      "--vscode-errorForeground": "#b5200d",
      "--vscode-focusBorder": "#006bbd",
      "--vscode-contrastBorder": "#0f4a85",
      "--vscode-textLink-foreground": "#0f4a85",
      "--vscode-sideBar-background": "#ffffff",
      "--vscode-editorWidget-background": "#ffffff",
      "--vscode-button-background": "#0f4a85",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-hoverBackground": "#0f4a85",
      "--vscode-button-border": "#0f4a85",
      "--vscode-button-secondaryBackground": "#ffffff",
      "--vscode-button-secondaryForeground": "#292929",
      "--vscode-testing-iconPassed": "#007100",
    },
  },
};

export type ThemeName = keyof typeof themes;
