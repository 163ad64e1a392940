package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.bridge.ViewPage;
import java.io.IOException;
import java.util.Optional;
import org.cef.callback.CefCallback;
import org.cef.handler.CefResourceHandlerAdapter;
import org.cef.misc.IntRef;
import org.cef.misc.StringRef;
import org.cef.network.CefRequest;
import org.cef.network.CefResponse;

/** One file of the page on its way to the embedded browser. */
final class ViewFile extends CefResourceHandlerAdapter {
    private final ViewPage page;
    private Optional<ViewPage.File> file = Optional.empty();
    private int sent;

    ViewFile(ViewPage page) {
        this.page = page;
    }

    @Override
    public boolean processRequest(CefRequest request, CefCallback callback) {
        try {
            file = page.find(request.getURL());
        } catch (IOException unreadable) {
            // The plugin's archive is damaged; the browser shows a page that is not there.
            file = Optional.empty();
        }
        callback.Continue();
        return true;
    }

    @Override
    public void getResponseHeaders(CefResponse response, IntRef length, StringRef redirect) {
        response.setStatus(file.isPresent() ? 200 : 404);
        file.ifPresent(found -> {
            response.setMimeType(found.type().replaceAll(";.*", ""));
            response.setHeaderMap(found.headers());
        });
        length.set(file.map(found -> found.bytes().length).orElse(0));
    }

    @Override
    public boolean readResponse(byte[] out, int room, IntRef read, CefCallback callback) {
        var bytes = file.map(ViewPage.File::bytes).orElse(new byte[0]);
        var count = Math.min(room, bytes.length - sent);
        System.arraycopy(bytes, sent, out, 0, count);
        sent += count;
        read.set(count);
        return count > 0;
    }
}
