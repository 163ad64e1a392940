package com.codestream.jetbrains.core;

/**
 * Who hosts the agent, for the success page and for bug reports.
 *
 * @param ide the IDE's name for a person
 * @param ideVersion the IDE's version
 * @param version the plugin's version
 * @param machine the machine's name; empty when it is not known
 */
public record Product(String ide, String ideVersion, String version, String machine) {}
