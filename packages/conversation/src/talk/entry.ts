/** What stands in a chat's transcript, in Retell's words; ids and stamps are given by whoever stores it. */

export type TalkEntry =
  | { readonly role: 'agent' | 'user'; readonly content: string }
  /** `arguments` is JSON as the model wrote it. */
  | {
      readonly role: 'tool_call_invocation';
      readonly tool_call_id: string;
      readonly name: string;
      readonly arguments: string;
    }
  | {
      readonly role: 'tool_call_result';
      readonly tool_call_id: string;
      readonly content: string;
      readonly successful: boolean;
    }
  | {
      readonly role: 'node_transition';
      readonly former_node_id?: string;
      readonly former_node_name?: string;
      readonly new_node_id: string;
      readonly new_node_name: string;
      readonly transition_type: 'global' | 'global_go_back' | 'normal';
    }
  | { readonly role: 'state_transition'; readonly former_state_name?: string; readonly new_state_name: string };
