# The filters' edits, as one would write them for jq.  Used as: jq -c -L DIR 'include "edits"; format'
#
# Not the same in every byte: jq 1.6 prints numbers anew (1.694081235979e+18), and has no SHA-256, so
# that the paths of activities lack their digest here.

def is_event:
  (has("status") and has("id") and (has("started_at") or has("completed_at")))
  or (has("event") and has("timestamp") and (has("user") or has("team") or has("resource")))
  or (has("resource_type") and has("timestamp"));

def objects_inside: .[] | objects;

# The event in its wrapper, three levels deep.
def unwrap:
  if is_event then .
  else first((objects_inside, (objects_inside | objects_inside),
              (objects_inside | objects_inside | objects_inside)) | select(is_event))
  end;

def masked: if .mask_data == true then .input = {data: "masked"} | .output = {data: "masked"} else . end;

def is_job: has("status") and has("id");

def format:
  unwrap
  | if is_job then
      del(.parent_id, .context.repeated_job, .context.job_created_at, .context.job_id,
          .context.master_job_id, .context.calling_recipe_id, .context.calling_job_id,
          .context.is_repeat, .context.repeat_count, .context.repeated_count,
          .context.parent_job_id)
      | if .lines then .lines |= map(del(.line_stat) | masked) else . end
      | if .status == "成功" then .status = "succeeded"
        elif .status == "失敗" then .status = "failed"
        else . end
    else . end;

def truncated:
  if (tojson | utf8bytelength) > 40000000 then .lines = "Log lines exceed size limit" else . end;

# Seconds since 1970 of "2022-10-19T22:30:46-07:00" and "2020-05-02 02:39:22 UTC".
def seconds:
  (.[0:10] + "T" + .[11:19] + "Z" | fromdateiso8601)
  - (if .[19:20] == "-" or .[19:20] == "+" then
       (.[19:20] + "1" | tonumber) * ((.[20:22] | tonumber) * 3600 + (.[23:25] | tonumber) * 60)
     else 0 end);

def event_time: (.completed_at // .started_at // .timestamp) | seconds;

def event_path:
  (event_time | strftime("%Y%m%d%H%M%S")) as $time
  | if is_job then
      (.context.user_id // .account_id) as $user | (.recipe_id // .flow_id) as $recipe
      | "\($user)/jobs/\($recipe)/\($time[0:8])/\(.id)/\($user)-\($recipe)-\(.id)-\($time)-\(.status).json"
    else
      (.team.id // .team_id_d // .team_id) as $team
      | "\($team)/activity/\($time[0:8])/\($team)-\(.event // (.resource_type | ascii_downcase))-\($time).json"
    end;

def addressed: {path: event_path, event: .};

def template_workato:
  {source: "workato", environment: "staging", hostname: "workato_cloud", logEntries: .};

def template_splunk:
  {time: event_time, host: "workato", source: "workato", sourcetype: "_json", event: .};

def pipeline: format | truncated | addressed | .event |= template_splunk;
