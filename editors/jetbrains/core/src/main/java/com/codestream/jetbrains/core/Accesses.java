package com.codestream.jetbrains.core;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The accounts at services, as far as a service can take them back. A pure function of the agent's list; holds no token.
 *
 * @param all by a name that the account keeps
 */
record Accesses(Map<String, Access> all) {
    static final Accesses NONE = new Accesses(Map.of());

    /**
     * One account.
     *
     * @param service for a person
     * @param team the workspace; empty where a service has none
     * @param who empty when that is not known
     * @param lost whether the service does not accept it any more
     * @param byToken whether a token is the only way to renew it
     */
    record Access(String providerId, String service, Optional<String> team, String who, boolean lost, boolean byToken) {
        /** Names the account, whoever it belongs to. */
        String key() {
            return providerId + team.map(id -> " " + id).orElse("");
        }

        /** What a person is told when it is lost. */
        String words() {
            return service + " does not accept the access" + (who.isEmpty() ? "" : " of " + who)
                    + " any more. Reconnect to go on.";
        }

        /** {@code ProviderParams}. */
        JsonObject params() {
            var params = new JsonObject();
            params.addProperty("providerId", providerId);
            team.ifPresent(id -> params.addProperty("providerTeamId", id));
            return params;
        }
    }

    Accesses {
        all = Map.copyOf(all);
    }

    /** Of {@code ProviderList.providers}. */
    static Accesses of(JsonArray providers) {
        var all = new LinkedHashMap<String, Access>();
        for (var element : providers) {
            var row = element.getAsJsonObject();
            for (var account : row.getAsJsonArray("accounts")) {
                var access = access(row, account.getAsJsonObject());
                all.put(access.key(), access);
            }
        }
        return new Accesses(all);
    }

    private static Access access(JsonObject row, JsonObject account) {
        return new Access(
                row.get("providerId").getAsString(),
                row.get("displayName").getAsString(),
                text(account.get("providerTeamId")),
                text(account.get("who")).orElse(""),
                text(account.get("error")).isPresent(),
                row.get("tokenOnly") instanceof JsonPrimitive only && only.getAsBoolean());
    }

    /** Accounts that worked before and do not now. */
    List<Access> lostSince(Accesses before) {
        return all.values().stream()
                .filter(access -> access.lost() && before.works(access.key()))
                .toList();
    }

    /** Names of accounts that work now and did not before. */
    Set<String> gainedSince(Accesses before) {
        return all.keySet().stream()
                .filter(key -> works(key) && !before.works(key))
                .collect(Collectors.toUnmodifiableSet());
    }

    private boolean works(String key) {
        return all.containsKey(key) && !all.get(key).lost();
    }

    private static Optional<String> text(JsonElement value) {
        return value instanceof JsonPrimitive text ? Optional.of(text.getAsString()) : Optional.empty();
    }
}
