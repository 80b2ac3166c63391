using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim.lr_scheduler;

namespace KdKernels.TorchSharpSurface;

/// <summary>
/// Uses of what only derived types can see; compiled against the subset and against TorchSharp, never run. Members for everybody are in
/// Generated/Surface.g.cs.
/// </summary>
internal sealed class DerivedModule : nn.Module<Tensor, Tensor>
{
    private readonly Linear _layer = nn.Linear(2, 2);

    internal DerivedModule()
        : base(nameof(DerivedModule))
    {
        RegisterComponents();
        register_buffer("buffer", zeros(2), persistent: false);
        ConditionallyRegisterParameter("parameter", nn.Parameter(ones(2)));
        ConditionallyRegisterBuffer("other", ones(2), persistent: true);
        name = "derived";
        var (device, dtype) = GetDefaultDeviceAndType(device: null, dtype: null);
        _to(device, dtype, non_blocking: false);
        pre_hooks.Clear();
        post_hooks.Clear();
        module_pre_hooks.Clear();
        module_post_hooks.Clear();
    }

    public override Tensor forward(Tensor input) => _layer.call(input);

    public override string GetName() => $"{name} {_deviceType} {_deviceIndex} {_internal_params.Count} {_internal_buffers.Count}";

    public override void train(bool train = true) => base.train(train);

    public override Dictionary<string, Tensor> state_dict(
        Dictionary<string, Tensor>? destination = null, string? prefix = null) => base.state_dict(destination, prefix);

    protected override void RegisterComponents()
    {
        base.RegisterComponents();
        if (_internal_submodules.Count > 9) ClearModules();
    }

    protected override nn.Module _to(ScalarType dtype, bool non_blocking)
    {
        foreach (var (own, parameter) in named_parameters(recurse: false).ToList())
        {
            if (ReplaceParameter(dtype, null, parameter, out Parameter? successor)) ConditionallyRegisterParameter(own, successor);
        }
        foreach (var (own, buffer) in named_buffers(recurse: false).ToList())
        {
            if (ReplaceBuffer(dtype, null, buffer, out Tensor? successor)) ConditionallyRegisterBuffer(own, successor);
        }
        return base._to(dtype, non_blocking);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _layer.Dispose();
        base.Dispose(disposing);
    }
}

internal sealed class DerivedActivation() : ParameterLessModule<Tensor, Tensor>(nameof(DerivedActivation))
{
    public override Tensor forward(Tensor input) => input;
}

internal sealed class DerivedLoss() : Loss<Tensor, Tensor, Tensor>(nn.Reduction.Sum)
{
    public override Tensor forward(Tensor input1, Tensor input2) =>
        nn.functional.mse_loss(input1, input2, reduction);
}

internal sealed class DerivedSequence(params nn.Module<Tensor, Tensor>[] modules) : Sequential(modules)
{
    public override Tensor forward(Tensor tensor) => base.forward(tensor);
}

internal sealed class DerivedSchedule(optim.Optimizer optimizer) : LRScheduler(optimizer, last_epoch: -1, verbose: false)
{
    protected override IEnumerable<double> get_lr() => get_last_lr().Select(rate => rate / (_step_count + 1));

    protected override IEnumerable<double> get_closed_form_lr() => base.get_closed_form_lr();
}

internal sealed class DerivedDataset : utils.data.Dataset
{
    public override long Count => 1;

    public override Dictionary<string, Tensor> GetTensor(long index) => [];

    protected override void Dispose(bool disposing) => base.Dispose(disposing);
}

internal sealed class DerivedOptimizer : OptimizerHelper
{
    internal DerivedOptimizer(IEnumerable<Parameter> parameters)
    {
        _defaults = new OptimizerOptions { LearningRate = 1 };
        _parameter_groups = [new ParamGroup { Parameters = parameters, Options = _defaults }];
    }

    public override Tensor? step(Func<Tensor>? closure = null) =>
        _step<ParamGroup>(
            group =>
            {
                foreach (Parameter parameter in group.Parameters)
                {
                    if (_state.TryGetValue(parameter.Handle, out OptimizerState? state)) state.Initialize(group.Options);
                }
            },
            closure);
}

internal sealed class DerivedState(Parameter parameter) : OptimizerState(parameter)
{
    private Tensor? _tensor;

    public override void SaveStateDict(BinaryWriter writer) => SaveConditionalStateTensor(writer, _tensor);

    public override void LoadStateDict(BinaryReader reader) => LoadConditionalStateTensor(reader, ref _tensor, _parameter.device);

    public override void LoadStateDict(OptimizerState source) => _tensor = ((DerivedState)source)._tensor;

    public override void Initialize(OptimizerOptions options) => _tensor = null;
}
