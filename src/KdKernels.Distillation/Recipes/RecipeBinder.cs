using KdKernels.Distillation.Methods;

namespace KdKernels.Distillation.Recipes;

/// <summary>The meaning of a recipe's keys: types, defaults, ranges, and what does not go together.</summary>
internal static class RecipeBinder
{
    private const int MaxImageSize = 4096;

    // 2^53 - 1: every JSON reader keeps it exactly.
    private const long MaxSeed = (1L << 53) - 1;

    // What the ready-made data sets come in; an image folder has whatever its files have.
    private static readonly Dictionary<string, int> OwnImageSize = new(StringComparer.Ordinal)
    {
        ["shapes"] = 32,
        ["mnist"] = 28,
        ["cifar10"] = 32,
        ["cifar100"] = 32,
        ["scenes"] = 48,
        ["shapes-segmentation"] = 32,
    };

    public static Recipe Bind(MappingNode document)
    {
        var defaults = new Recipe();
        var root = new RecipeSection(document, "");
        var recipe = new Recipe
        {
            Name = Name(root, defaults.Name),
            Seed = root.WholeLong("seed", defaults.Seed, 0, MaxSeed),
            Seeds = root.Whole("seeds", defaults.Seeds, 1, 1000),
            Device = Device(root, defaults.Device),
            Threads = root.Whole("threads", defaults.Threads, 0, 4096),
            Data = Data(root.Section("data")),
            Teacher = Teacher(root.Section("teacher")),
            Teachers = [.. root.Sections("teachers").Select(Teacher)],
            Student = Student(root.Section("student")),
            Distill = Distill(root.Section("distill")),
            Evaluation = Evaluation(root.Section("evaluation")),
            Checkpoint = Checkpoint(root.Section("checkpoint")),
        };
        recipe = recipe with { Trace = TraceBinder.Bind(root.Section("trace"), recipe.Student.Solver.Epochs) };
        root.RejectUnknown();
        return recipe;
    }

    private static string Name(RecipeSection root, string fallback)
    {
        string name = root.Text("name", fallback);
        // The name becomes part of a folder's name.
        bool plain = name.Length is > 0 and <= 64
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
            && name[0] != '.';
        return plain
            ? name
            : throw root.Error("name", $"expected 1 to 64 letters, digits, '-', '_' or '.' but got '{name}'");
    }

    private static string Device(RecipeSection root, string fallback)
    {
        string device = root.Text("device", fallback);
        bool valid = device is "auto" or "cpu"
            || (device.StartsWith("cuda:", StringComparison.Ordinal) && byte.TryParse(device.AsSpan(5), out _));
        return valid ? device : throw root.Error("device", $"expected auto, cpu or cuda:N but got '{device}'");
    }

    private static DataRecipe Data(RecipeSection section)
    {
        var defaults = new DataRecipe();
        var data = new DataRecipe
        {
            Name = section.OneOf("name", defaults.Name, RecipeNames.DataSets),
            Root = section.OptionalText("root"),
            Train = section.Whole("train", defaults.Train, 0),
            Test = section.Whole("test", defaults.Test, 0),
            Validation = section.Whole("validation", defaults.Validation, 0),
            ImageSize = section.Whole("image-size", defaults.ImageSize, 0, MaxImageSize),
        };
        bool fixedSize = OwnImageSize.TryGetValue(data.Name, out int ownSize);
        if (fixedSize && data.ImageSize != 0 && data.ImageSize != ownSize)
        {
            throw section.Error(
                "image-size", $"expected {ownSize}, the size of {data.Name}'s images (or 0), but got {data.ImageSize}");
        }

        if (!fixedSize && data.ImageSize is > 0 and < 8)
        {
            throw section.Error(
                "image-size",
                "expected the height and width that images are brought to, at least 8 (or 0 for their own), "
                + $"but got {data.ImageSize}");
        }

        if (data.Train > 0 && data.Validation >= data.Train)
        {
            throw section.Error(
                "validation", $"expected less than the {data.Train} training images but got {data.Validation}");
        }

        int size = fixedSize ? ownSize : data.ImageSize == 0 ? MaxImageSize : data.ImageSize;
        data = data with { Augment = Augment(section.Section("augment"), size) };
        section.RejectUnknown();
        return data;
    }

    private static AugmentRecipe Augment(RecipeSection section, int imageSize)
    {
        var augment = new AugmentRecipe
        {
            Crop = section.Whole("crop", 0, 0, imageSize - 1),
            Flip = section.Boolean("flip", fallback: false),
            Cutout = section.Whole("cutout", 0, 0, imageSize - 1),
        };
        section.RejectUnknown();
        return augment;
    }

    private static TeacherRecipe Teacher(RecipeSection section)
    {
        var defaults = new TeacherRecipe();
        var teacher = new TeacherRecipe
        {
            Model = section.OneOf("model", defaults.Model, RecipeNames.Models),
            Checkpoint = section.OptionalText("checkpoint"),
            Data = section.Holds("data") ? Data(section.Section("data")) : null,
            Solver = Solver(section.Section("solver")),
        };
        section.RejectUnknown();
        return teacher;
    }

    private static StudentRecipe Student(RecipeSection section)
    {
        var student = new StudentRecipe
        {
            Model = section.OneOf("model", new StudentRecipe().Model, RecipeNames.Models),
            PerClass = section.Whole("per-class", 0, 0),
            OmitClass = section.OptionalWhole("omit-class", 0),
            Solver = Solver(section.Section("solver")),
        };
        section.RejectUnknown();
        return student;
    }

    private static SolverRecipe Solver(RecipeSection section)
    {
        var defaults = new SolverRecipe();
        var solver = new SolverRecipe
        {
            Optimizer = section.Choice("optimizer", defaults.Optimizer),
            LearningRate = section.Real("lr", defaults.LearningRate, number => number > 0, "a learning rate above 0"),
            Momentum = section.Real(
                "momentum", defaults.Momentum, number => number is >= 0 and < 1, "a momentum in [0, 1)"),
            WeightDecay = section.Real(
                "weight-decay", defaults.WeightDecay, number => number >= 0, "a weight decay of at least 0"),
            Nesterov = section.Boolean("nesterov", defaults.Nesterov),
            Epochs = section.Whole("epochs", defaults.Epochs, 1, 1_000_000),
            // Batch norm cannot train on a single image.
            BatchSize = section.Whole("batch-size", defaults.BatchSize, 2, 1_000_000),
            ClipNorm = section.Real(
                "clip-norm", defaults.ClipNorm, number => number >= 0, "a norm above 0, or 0 for no clipping"),
        };
        if (solver.Nesterov && solver.Momentum == 0)
        {
            throw section.Error("nesterov", "expected a momentum above 0 with nesterov: true but got 0");
        }

        if (solver.Nesterov && solver.Optimizer != OptimizerKind.Sgd)
        {
            throw section.Error(
                "nesterov", $"expected optimizer: sgd with nesterov: true but got {RecipeNames.Of(solver.Optimizer)}");
        }

        solver = solver with { Schedule = Schedule(section.Section("schedule"), solver.Epochs) };
        section.RejectUnknown();
        return solver;
    }

    private static LearningRateSchedule Schedule(RecipeSection section, int epochs)
    {
        var defaults = new LearningRateSchedule();
        var schedule = new LearningRateSchedule
        {
            Kind = section.Choice("kind", defaults.Kind),
            Milestones = section.Wholes("milestones", defaults.Milestones, 1),
            Gamma = section.Real("gamma", defaults.Gamma, number => number is > 0 and <= 1, "a factor in (0, 1]"),
            WarmUp = section.Real(
                "warm-up", defaults.WarmUp, number => number >= 0 && number <= epochs, $"from 0 to {epochs} epochs"),
        };
        if (schedule.Kind == LearningRateKind.MultiStep && schedule.Milestones.Count == 0)
        {
            throw section.Error("milestones", "expected at least one epoch with kind: multi-step but got none");
        }

        for (int i = 0; i < schedule.Milestones.Count; i++)
        {
            if (schedule.Milestones[i] >= epochs || (i > 0 && schedule.Milestones[i] <= schedule.Milestones[i - 1]))
            {
                throw section.Error(
                    "milestones",
                    $"expected rising epochs below {epochs} but got [{string.Join(", ", schedule.Milestones)}]");
            }
        }

        section.RejectUnknown();
        return schedule;
    }

    /// <summary>A recipe's section <c>distill</c>, or an item of a sweep's list of methods.</summary>
    public static DistillRecipe Distill(RecipeSection section)
    {
        var defaults = new DistillRecipe();
        RecipeSection? several = section.Holds("methods") ? section : null;
        IReadOnlyList<MethodRecipe> methods = several is null
            ? [Method(section, section.OneOf("method", "kd", MethodCatalog.Names))]
            : Methods(section);
        var distill = new DistillRecipe
        {
            Methods = methods,
            Labels = section.Holds("labels")
                ? section.Scheduled("labels", 1, number => number >= 0 && double.IsFinite(number), "a weight of at least 0")
                : null,
            Ops = section.Choice("ops", defaults.Ops),
            Switch = Switch(section.Section("switch")),
        };
        section.Allow("labels");
        section.RejectUnknown();
        return distill;
    }

    private static List<MethodRecipe> Methods(RecipeSection section)
    {
        List<MethodRecipe> methods = [];
        foreach (RecipeSection item in section.Sections("methods"))
        {
            MethodRecipe method = Method(item, item.OneOf("name", "", MethodCatalog.Names));
            item.RejectUnknown();
            if (methods.Exists(other => string.Equals(other.Name, method.Name, StringComparison.Ordinal)))
            {
                throw section.Error("methods", $"expected each method once but got {method.Name} twice");
            }

            methods.Add(method);
        }

        if (methods.Count == 0)
        {
            throw section.Error("methods", "expected at least one method, such as {name: kd}, but got none");
        }

        if (methods.Count > 1 && methods.Exists(method => string.Equals(method.Name, MethodCatalog.None, StringComparison.Ordinal)))
        {
            throw section.Error("methods", "expected none alone or methods without it but got both");
        }

        return methods;
    }

    private static MethodRecipe Method(RecipeSection section, string name) => new(
        name,
        new MethodSettings(MethodCatalog.Find(name)!.Settings.Select(
            setting => KeyValuePair.Create(setting.Key, setting.Read(section)))));

    private static TeacherSwitchRecipe Switch(RecipeSection section)
    {
        var defaults = new TeacherSwitchRecipe();
        var result = new TeacherSwitchRecipe
        {
            Policy = section.Choice("policy", defaults.Policy),
            Period = section.Whole("period", defaults.Period, 1),
            Duty = section.Scheduled("duty", defaults.Duty, number => number is >= 0 and <= 1, "a part in [0, 1]"),
        };
        section.RejectUnknown();
        return result;
    }

    private static EvaluationRecipe Evaluation(RecipeSection section)
    {
        var defaults = new EvaluationRecipe();
        var evaluation = new EvaluationRecipe
        {
            Every = section.Whole("every", defaults.Every, 1),
            BatchSize = section.Whole("batch-size", defaults.BatchSize, 1, 1_000_000),
            Noise = section.Reals("noise", number => number > 0, "a standard deviation above 0"),
            Bootstrap = section.Whole("bootstrap", defaults.Bootstrap, 100, 10_000_000),
        };
        section.RejectUnknown();
        return evaluation;
    }

    private static CheckpointRecipe Checkpoint(RecipeSection section)
    {
        var defaults = new CheckpointRecipe();
        var checkpoint = new CheckpointRecipe
        {
            Every = section.Whole("every", defaults.Every, 1),
            Keep = section.Whole("keep", defaults.Keep, 1, 1000),
        };
        section.RejectUnknown();
        return checkpoint;
    }
}
