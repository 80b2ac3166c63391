using KdKernels.Core;
using KdKernels.Distillation.Formats;
using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Cli.Ops;

/// <summary>The inputs and settings of one call, checked against the op's definition.</summary>
internal sealed class OpCall
{
    private readonly Dictionary<string, NpyArray> _arrays;
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, object> _settings = new(StringComparer.Ordinal);

    /// <exception cref="OpException">An input or setting is missing, unknown, or of the wrong kind.</exception>
    public OpCall(
        OpDefinition op, Dictionary<string, NpyArray> arrays, IReadOnlyDictionary<string, string> settings)
    {
        Op = op;
        _arrays = arrays;
        Check(arrays.Keys, op.Inputs.Select(input => input.Name), "input");
        Check(settings.Keys, op.Settings.Select(setting => setting.Name), "setting");
        foreach (OpInput input in op.Inputs) Check(input);
        foreach (OpSetting setting in op.Settings)
        {
            string text = settings.GetValueOrDefault(setting.Name) ?? setting.Default
                ?? throw new OpException($"{op.Name} needs the setting {setting.Name}: --set {setting.Name}=VALUE");
            _settings[setting.Name] = setting.Parse(text);
        }
    }

    public OpDefinition Op { get; }

    /// <summary>What floating-point inputs are converted to; null leaves them as they are stored.</summary>
    public ScalarType? ComputeType { get; init; }

    public KdReduction Reduction => OpSetting.ToReduction(Choice("reduction"));

    public OracleReduction OracleReduction => Enum.Parse<OracleReduction>(Reduction.ToString());

    public bool Has(string input) => _arrays.ContainsKey(input);

    /// <summary>An input as a tensor, as <see cref="MakeTensors"/> made it.</summary>
    public Tensor Tensor(string input) => _tensors[input];

    /// <summary>The same, null where it was not given.</summary>
    public Tensor? Optional(string input) => _tensors.GetValueOrDefault(input);

    /// <summary>An input as float64, C order.</summary>
    public double[] Values(string input) => _arrays[input].ToDoubles();

    /// <summary>The same, null where it was not given.</summary>
    public double[]? OptionalValues(string input) => Has(input) ? Values(input) : null;

    /// <summary>An integer input.</summary>
    public long[] Labels(string input) => _arrays[input].ToInt64s();

    /// <summary>The same, null where it was not given.</summary>
    public long[]? OptionalLabels(string input) => Has(input) ? Labels(input) : null;

    /// <summary>A mask.</summary>
    public bool[]? OptionalMask(string input) => Has(input) ? Array.ConvertAll(Labels(input), value => value != 0) : null;

    public long[] Shape(string input) => [.. _arrays[input].Shape];

    public NpyType Type(string input) => _arrays[input].Type;

    public double Number(string setting) => (double)_settings[setting];

    public long Integer(string setting) => (long)_settings[setting];

    public bool Flag(string setting) => (bool)_settings[setting];

    public string Choice(string setting) => (string)_settings[setting];

    /// <summary>Makes a tensor of every input; those that get gradients require them if <paramref name="gradients"/>.</summary>
    public void MakeTensors(Device device, bool gradients)
    {
        foreach (OpInput input in Op.Inputs)
        {
            if (!_arrays.TryGetValue(input.Name, out NpyArray? array)) continue;
            Tensor tensor = OpTensors.Of(array, input.Kind).to(device);
            if (input.Kind == OpInputKind.Float && ComputeType is { } type) tensor = tensor.to(type);
            if (gradients && input.Differentiable) tensor.requires_grad_();
            _tensors[input.Name] = tensor;
        }
    }

    private void Check(IEnumerable<string> given, IEnumerable<string> known, string what)
    {
        string[] names = [.. known];
        foreach (string name in given)
        {
            if (!names.Contains(name, StringComparer.Ordinal))
                throw new OpException($"{Op.Name} has no {what} '{name}'; it has {string.Join(", ", names)}");
        }
    }

    private void Check(OpInput input)
    {
        if (!_arrays.TryGetValue(input.Name, out NpyArray? array))
        {
            if (input.Optional) return;
            throw new OpException($"{Op.Name} needs the input {input.Name} {input.Shape}: --in {input.Name}=FILE.npy");
        }

        bool integers = input.Kind != OpInputKind.Float;
        if (array.IsInteger != integers)
        {
            throw new OpException(
                $"expected {input.Name} to hold {(integers ? "integers, <i4 or <i8" : "floating-point numbers, <f2, <f4 or <f8")}, "
                + $"but got {array.Type.Name()}");
        }
    }
}
