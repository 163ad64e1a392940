package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Settings;
import java.awt.BorderLayout;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Insets;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JTextField;

/** The settings as fields: plain Swing, which the IDE's look and feel draws as its own. */
final class SettingsForm {
    private static final String[] LEVELS = {"off", "error", "info", "debug", "trace"};

    private final JPanel fields = new JPanel(new GridBagLayout());
    private final JPanel panel = new JPanel(new BorderLayout());
    private final JTextField serverUrl = text("Server:", "serverUrl");
    private final JTextField teamId = text("Team (optional):", "teamId");
    private final JTextField agentPath = text("Agent instead of the bundled one (optional):", "agentPath");
    private final JTextField extraCerts = text("Further certificate authorities, a PEM file (optional):", "extraCerts");
    private final JCheckBox disableStrictSsl = new JCheckBox("Accept any certificate (unsafe)");
    private final JComboBox<String> traceLevel = new JComboBox<>(LEVELS);

    SettingsForm() {
        row("", disableStrictSsl);
        row("Log level:", traceLevel);
        panel.add(fields, BorderLayout.NORTH);
    }

    JComponent component() {
        return panel;
    }

    Settings settings() {
        return new Settings(
                serverUrl.getText().strip(),
                teamId.getText().strip(),
                agentPath.getText().strip(),
                extraCerts.getText().strip(),
                disableStrictSsl.isSelected(),
                (String) traceLevel.getSelectedItem());
    }

    void show(Settings settings) {
        serverUrl.setText(settings.serverUrl());
        teamId.setText(settings.teamId());
        agentPath.setText(settings.agentPath());
        extraCerts.setText(settings.extraCerts());
        disableStrictSsl.setSelected(settings.disableStrictSsl());
        traceLevel.setSelectedItem(settings.traceLevel());
    }

    private JTextField text(String label, String name) {
        var field = new JTextField();
        field.setName(name);
        row(label, field);
        return field;
    }

    private void row(String words, JComponent field) {
        var place = new GridBagConstraints();
        place.gridy = fields.getComponentCount() / 2;
        place.insets = new Insets(2, 0, 2, 8);
        place.anchor = GridBagConstraints.LINE_START;
        var label = new JLabel(words);
        label.setLabelFor(field);
        fields.add(label, place);
        place.fill = GridBagConstraints.HORIZONTAL;
        place.weightx = 1;
        fields.add(field, place);
    }
}
