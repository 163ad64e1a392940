package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Settings;
import com.intellij.openapi.options.Configurable;
import javax.swing.JComponent;

/** The settings page. The form is a form; what changes reaches every window's agent. */
public final class CodeStreamConfigurable implements Configurable {
    private SettingsForm form;

    @Override
    public String getDisplayName() {
        return "CodeStream";
    }

    @Override
    public JComponent createComponent() {
        form = new SettingsForm();
        reset();
        return form.component();
    }

    @Override
    public boolean isModified() {
        return form != null && !form.settings().equals(current());
    }

    @Override
    public void apply() {
        CodeStreamSettings.getInstance().change(form.settings());
        CodeStreamWindows.getInstance().windows().settingsChanged();
    }

    @Override
    public void reset() {
        form.show(current());
    }

    @Override
    public void disposeUIResources() {
        form = null;
    }

    private static Settings current() {
        return CodeStreamSettings.getInstance().current();
    }
}
