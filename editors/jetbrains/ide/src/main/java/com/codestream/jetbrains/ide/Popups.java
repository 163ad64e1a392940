package com.codestream.jetbrains.ide;

import com.intellij.ide.BrowserUtil;
import org.cef.browser.CefBrowser;
import org.cef.browser.CefFrame;
import org.cef.handler.CefLifeSpanHandlerAdapter;

/** No window but the panel: what wants one is a link, and links belong into the system browser. */
final class Popups extends CefLifeSpanHandlerAdapter {
    @Override
    public boolean onBeforePopup(CefBrowser browser, CefFrame frame, String url, String name) {
        if (ViewRequests.isLink(url)) {
            BrowserUtil.browse(url);
        }
        return true;
    }
}
