package com.intellij.openapi.extensions;

import java.nio.file.Path;

public interface PluginDescriptor {
    String getVersion();

    Path getPluginPath();
}
