package com.codestream.jetbrains.core.bridge;

import java.util.Map;

/**
 * The IDE's theme.
 *
 * @param kind which of the four it is
 * @param variables CSS custom properties, with their dashes
 */
public record Theme(Kind kind, Map<String, String> variables) {
    public Theme {
        variables = Map.copyOf(variables);
    }

    /** The kinds that the view knows. */
    public enum Kind {
        LIGHT("light"),
        DARK("dark"),
        HIGH_CONTRAST("highContrast"),
        HIGH_CONTRAST_LIGHT("highContrastLight");

        private final String word;

        Kind(String word) {
            this.word = word;
        }

        String word() {
            return word;
        }

        /** The kind of a theme that is dark or not, and of high contrast or not. */
        public static Kind of(boolean dark, boolean highContrast) {
            if (highContrast) {
                return dark ? HIGH_CONTRAST : HIGH_CONTRAST_LIGHT;
            }
            return dark ? DARK : LIGHT;
        }
    }
}
