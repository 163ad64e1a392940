package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.bridge.Theme;
import java.awt.Color;
import java.awt.Font;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.swing.UIManager;

/** The IDE's colours as the web view's variables. Themes fill Swing's defaults, so that no class of the IDE is needed. */
final class IdeTheme {
    /** The view's variables, each with the defaults that it is taken from, the best first. */
    private static final Map<String, String[]> COLOURS = new LinkedHashMap<>();

    static {
        COLOURS.put("--cs-background", keys("ToolWindow.background", "Panel.background"));
        COLOURS.put("--cs-foreground", keys("Label.foreground"));
        COLOURS.put("--cs-muted", keys("Component.infoForeground", "Label.infoForeground"));
        COLOURS.put("--cs-border", keys("Component.borderColor", "Separator.foreground"));
        COLOURS.put("--cs-card", keys("List.background", "EditorPane.background"));
        COLOURS.put("--cs-hover", keys("List.hoverBackground", "Table.hoverBackground"));
        COLOURS.put("--cs-link", keys("Link.activeForeground", "link.foreground"));
        COLOURS.put("--cs-focus", keys("Component.focusColor", "Button.focusedBorderColor"));
        COLOURS.put("--cs-primary", keys("Button.default.startBackground", "Button.default.background"));
        COLOURS.put("--cs-primary-hover", keys("Button.default.endBackground", "Button.default.startBackground"));
        COLOURS.put("--cs-primary-text", keys("Button.default.foreground"));
        COLOURS.put("--cs-secondary", keys("Button.startBackground", "Button.background"));
        COLOURS.put("--cs-secondary-hover", keys("Button.endBackground", "Button.startBackground"));
        COLOURS.put("--cs-secondary-text", keys("Button.foreground"));
        COLOURS.put("--cs-button-border", keys("Button.startBorderColor"));
    }

    private IdeTheme() {}

    static Theme current() {
        Map<String, String> variables = new LinkedHashMap<>();
        COLOURS.forEach((name, keys) -> {
            var colour = first(keys);
            if (colour != null) {
                variables.put(name, css(colour));
            }
        });
        Font font = UIManager.getFont("Label.font");
        if (font != null) {
            variables.put("--cs-font-family", '"' + font.getFamily().replace("\"", "") + "\", system-ui, sans-serif");
            variables.put("--cs-font-size", font.getSize() + "px");
        }
        var background = first(COLOURS.get("--cs-background"));
        var foreground = first(COLOURS.get("--cs-foreground"));
        return new Theme(Theme.Kind.of(isDark(background), isHighContrast(background, foreground)), variables);
    }

    private static String[] keys(String... keys) {
        return keys;
    }

    private static Color first(String[] keys) {
        for (var key : keys) {
            var colour = UIManager.getColor(key);
            if (colour != null) {
                return colour;
            }
        }
        return null;
    }

    private static String css(Color colour) {
        return String.format(
                "#%02x%02x%02x%02x", colour.getRed(), colour.getGreen(), colour.getBlue(), colour.getAlpha());
    }

    /** ITU-R BT.601 luma below the middle. */
    private static boolean isDark(Color background) {
        return background != null
                && 299 * background.getRed() + 587 * background.getGreen() + 114 * background.getBlue() < 128_000;
    }

    /** Black and white and nothing between: the themes made for contrast. */
    private static boolean isHighContrast(Color background, Color foreground) {
        return Color.BLACK.equals(background) && Color.WHITE.equals(foreground);
    }
}
