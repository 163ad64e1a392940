package com.codestream.jetbrains.ide;

import com.codestream.jetbrains.core.bridge.ViewPage;
import com.intellij.ide.BrowserUtil;
import org.cef.browser.CefBrowser;
import org.cef.browser.CefFrame;
import org.cef.handler.CefRequestHandlerAdapter;
import org.cef.handler.CefResourceHandler;
import org.cef.handler.CefResourceRequestHandler;
import org.cef.handler.CefResourceRequestHandlerAdapter;
import org.cef.misc.BoolRef;
import org.cef.network.CefRequest;

/** Whatever the page asks for: its own files from the plugin, and nothing from a network. */
final class ViewRequests extends CefRequestHandlerAdapter {
    private final ViewPage page = new ViewPage();

    static boolean isLink(String url) {
        return url.startsWith("https://") || url.startsWith("http://");
    }

    /** A navigation away goes to the system browser, and only after a click. */
    @Override
    public boolean onBeforeBrowse(
            CefBrowser browser, CefFrame frame, CefRequest request, boolean gesture, boolean redirect) {
        var url = request.getURL();
        if (ViewPage.owns(url)) {
            return false;
        }
        if (gesture && isLink(url)) {
            BrowserUtil.browse(url);
        }
        return true;
    }

    @Override
    public CefResourceRequestHandler getResourceRequestHandler(
            CefBrowser browser,
            CefFrame frame,
            CefRequest request,
            boolean navigation,
            boolean download,
            String initiator,
            BoolRef disableDefault) {
        return new CefResourceRequestHandlerAdapter() {
            @Override
            public boolean onBeforeResourceLoad(CefBrowser browser, CefFrame frame, CefRequest request) {
                return !ViewPage.owns(request.getURL());
            }

            @Override
            public CefResourceHandler getResourceHandler(CefBrowser browser, CefFrame frame, CefRequest request) {
                return new ViewFile(page);
            }
        };
    }
}
