export interface CustomTool {
  readonly name: string;
}
