package com.codestream.jetbrains.core.harness;

import com.codestream.jetbrains.core.Account;
import com.codestream.jetbrains.core.Host;
import com.codestream.jetbrains.core.Secret;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** An IDE without a screen: writes down what it is asked to do, and answers as it was told to. */
public final class TestHost implements Host {
    /** What was said, and how loudly. */
    public record Notice(Level level, String words) {}

    /** The part of an IDE that outlives a window. */
    public static final class Store {
        public final Map<String, Account> accounts = new ConcurrentHashMap<>();
        public final Map<Account, Secret> secrets = new ConcurrentHashMap<>();
    }

    public final Inbox<String> browsed = new Inbox<>("opened links");
    public final Inbox<Notice> notices = new Inbox<>("notices");
    /** What was said with answers to choose from. */
    public final Inbox<Notice> questions = new Inbox<>("questions");

    public final Inbox<String> log = new Inbox<>("log");
    public final Inbox<String> copied = new Inbox<>("copied texts");
    public final Inbox<String> done = new Inbox<>("host actions");
    public final Store store;
    /** Answers to boxes, in order; an absent one means that the box is closed. */
    public final Queue<Optional<String>> answers = new ArrayDeque<>();

    /** Whether the tool window is open. */
    public volatile boolean viewShown = true;

    private final Consumer<String> page;

    TestHost(Store store, Consumer<String> page) {
        this.store = store;
        this.page = page;
    }

    @Override
    public boolean browse(String url) {
        browsed.add(url);
        return true;
    }

    @Override
    public void toWeb(String script) {
        page.accept(script);
    }

    @Override
    public void log(Level level, String line) {
        log.add(line);
    }

    @Override
    public void notify(Level level, String message) {
        notices.add(new Notice(level, message));
    }

    @Override
    public CompletableFuture<Optional<String>> choose(Level level, String message, List<String> choices) {
        questions.add(new Notice(level, message));
        done.add("choose " + choices);
        return CompletableFuture.completedFuture(answers.remove());
    }

    @Override
    public CompletableFuture<Boolean> confirm(String title, String message, String yes) {
        done.add("confirm " + message);
        return CompletableFuture.completedFuture(
                answers.remove().filter(yes::equals).isPresent());
    }

    @Override
    public boolean viewShown() {
        return viewShown;
    }

    @Override
    public CompletableFuture<Optional<String>> ask(String title, String message) {
        done.add("ask " + message);
        return CompletableFuture.completedFuture(answers.remove());
    }

    @Override
    public CompletableFuture<Optional<Secret>> askPassword(String title, String message) {
        done.add("password " + message);
        return CompletableFuture.completedFuture(answers.remove().map(Secret::new));
    }

    @Override
    public void copy(String text) {
        copied.add(text);
    }

    @Override
    public void openSettings() {
        done.add("settings");
    }

    @Override
    public void showLog() {
        done.add("log");
    }

    @Override
    public Optional<Account> account(String serverUrl) {
        return Optional.ofNullable(store.accounts.get(serverUrl));
    }

    @Override
    public Optional<Secret> secret(Account account) {
        return Optional.ofNullable(store.secrets.get(account));
    }

    @Override
    public void keep(Account account, Secret token) {
        store.accounts.put(account.serverUrl(), account);
        store.secrets.put(account, token);
        done.add("keep " + account.email());
    }

    @Override
    public void forget(Account account) {
        store.accounts.remove(account.serverUrl());
        store.secrets.remove(account);
        done.add("forget " + account.email());
    }
}
