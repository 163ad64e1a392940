/** Starts the view. */
import { render } from "preact";
import { drive } from "./driver";
import { FocusKeeper } from "./focus";
import "./style/view.css";
import { follow } from "./theme";
import { App } from "./view/App";

const root = document.getElementById("view");
if (!root) throw new Error("index.html has no #view");
follow(document.body, document.documentElement);
drive(window, new FocusKeeper(document), (state, dispatch) => {
  render(<App state={state} dispatch={dispatch} />, root);
});
