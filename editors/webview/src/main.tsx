import { render } from "preact";
import "./style/view.css";

const root = document.getElementById("view");
if (root) render(<main />, root);
