namespace KdKernels.Gpu;

/// <summary>What the command line asks for.</summary>
internal sealed record TestOptions(IReadOnlyList<string> Groups, bool Quick, string? Json, bool OnCuda, bool ShowHelp)
{
    /// <exception cref="UsageException">An option, group or device that does not exist.</exception>
    public static TestOptions Parse(string[] args)
    {
        var options = new TestOptions([.. TestGroups.All.Keys], Quick: false, Json: null, OnCuda: true,
            ShowHelp: false);
        bool groupsGiven = false;
        for (int i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--groups":
                    options = options with { Groups = GroupsOf(Value(args, ref i)) };
                    groupsGiven = true;
                    break;
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--json":
                    options = options with { Json = Value(args, ref i) };
                    break;
                case "--device":
                    string device = Value(args, ref i);
                    if (device is not (
                        "cuda" or "cpu")) throw new UsageException($"expected --device cuda or cpu but got '{device}'.");
                    options = options with { OnCuda = device == "cuda" };
                    break;
                case "--help" or "-h":
                    return options with { ShowHelp = true };
                default:
                    throw new UsageException($"There is no option '{args[i]}'.");
            }
        }

        if (options.OnCuda) return options;
        string[] wrong = [.. options.Groups.Where(group => !TestGroups.OnCpu.Contains(group))];
        if (groupsGiven && wrong.Length > 0)
            throw new UsageException($"expected groups that run on the CPU but got {string.Join(", ", wrong)}.");
        return options with { Groups = [.. options.Groups.Where(TestGroups.OnCpu.Contains)] };
    }

    private static string[] GroupsOf(string list)
    {
        string[] groups = list.Split(',', StringSplitOptions.RemoveEmptyEntries);
        string? unknown = groups.FirstOrDefault(group => !TestGroups.All.ContainsKey(group));
        return unknown is null && groups.Length > 0
            ? groups
            : throw new UsageException(
                $"expected groups of {string.Join(", ", TestGroups.All.Keys)} but got '{list}'.");
    }

    private static string Value(string[] args, ref int i) =>
        i + 1 < args.Length ? args[++i] : throw new UsageException($"{args[i]} needs a value.");
}

/// <summary>The command line is not understood.</summary>
internal sealed class UsageException(string message) : Exception(message);
