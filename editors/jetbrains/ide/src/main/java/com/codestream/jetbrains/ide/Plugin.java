package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.Product;
import com.intellij.ide.plugins.PluginManagerCore;
import com.intellij.openapi.application.ApplicationInfo;
import com.intellij.openapi.application.ApplicationNamesInfo;
import com.intellij.openapi.extensions.PluginId;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/** Where this plugin is and what it runs in. */
final class Plugin {
    /** As in plugin.xml. */
    static final String ID = "com.codestream.integrations";

    private Plugin() {}

    /** The folder that the plugin was unpacked to. */
    static Path folder() {
        return PluginManagerCore.getPlugin(PluginId.getId(ID)).getPluginPath();
    }

    static Product product() {
        return new Product(
                ApplicationNamesInfo.getInstance().getFullProductName(),
                ApplicationInfo.getInstance().getFullVersion(),
                PluginManagerCore.getPlugin(PluginId.getId(ID)).getVersion(),
                machine());
    }

    /** The machine's own name, without asking any server. */
    private static String machine() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "";
        }
    }
}
