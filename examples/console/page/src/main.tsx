import { render } from "preact";
import { App } from "./app";
import { listen } from "./live";
import "./styles.css";
import { followKeys } from "./ui/keys";
import { followTheme } from "./ui/theme";

followTheme();
followKeys();
listen();

const page = document.getElementById("page") ?? document.body.appendChild(document.createElement("div"));
render(<App />, page);
