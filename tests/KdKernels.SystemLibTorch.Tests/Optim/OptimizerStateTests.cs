using KdKernels.SystemLibTorch.Tests.Nn;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests.Optim;

public class OptimizerStateTests
{
    public static TheoryData<string, Func<IEnumerable<Parameter>, OptimizerHelper>> Kinds => new()
    {
        { "SGD", parameters => optim.SGD(parameters, 0.1, momentum: 0.9, weight_decay: 0.01) },
        { "SGD without momentum", parameters => optim.SGD(parameters, 0.1) },
        { "Adam", parameters => optim.Adam(parameters, 0.1) },
        { "Adam with AMSGrad", parameters => optim.Adam(parameters, 0.1, amsgrad: true) },
        { "AdamW", parameters => optim.AdamW(parameters, 0.1, weight_decay: 0.1) },
        { "RMSProp", parameters => optim.RMSProp(parameters, 0.1, momentum: 0.5, centered: true) },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_saved_state_goes_on_bit_for_bit(string kind, Func<IEnumerable<Parameter>, OptimizerHelper> create)
    {
        Assert.NotEmpty(kind);
        using var scope = NewDisposeScope();
        Parameter original = nn.Parameter(tensor(new[] { 1.0, -2.0 }));
        OptimizerHelper first = create([original]);
        Run(original, first, 0, 4);
        first.ParamGroups.First().LearningRate = 0.05;

        Parameter copy = nn.Parameter(original.detach().clone());
        OptimizerHelper loaded = create([copy]);
        string path = Path.GetTempFileName();
        try
        {
            first.save_state_dict(path);
            loaded.load_state_dict(path);
        }
        finally
        {
            File.Delete(path);
        }
        Parameter another = nn.Parameter(original.detach().clone());
        OptimizerHelper copied = create([another]);
        copied.load_state_dict(first.state_dict());
        Assert.True(copied.state_dict().State[0].ApproximatelyEquals(first.state_dict().State[0]));

        Run(original, first, 4, 8);
        Run(copy, loaded, 4, 8);
        Run(another, copied, 4, 8);
        Numbers.Close(original, copy, 0);
        Numbers.Close(original, another, 0);
        Assert.Equal(0.05, loaded.ParamGroups.First().LearningRate);
        Assert.Equal(0.1, loaded.ParamGroups.First().InitialLearningRate);
    }

    [Fact]
    public void Saved_bytes_of_sgd_follow_the_format()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = nn.Parameter(tensor(new[] { 1.0f }));
        SGD optimizer = optim.SGD([parameter], 0.5, momentum: 0.25);
        parameter.grad = tensor(new[] { 2.0f });
        optimizer.step();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        optimizer.save_state_dict(writer);

        using var expected = new MemoryStream();
        using var bytes = new BinaryWriter(expected);
        bytes.Write("SGD");
        bytes.Write((byte)1); // groups
        bytes.Write((byte)1); // parameters
        bytes.Write(0.5); // initial rate
        bytes.Write(0.5); // rate
        bytes.Write(0.25); // momentum
        bytes.Write(0.0); // dampening
        bytes.Write(0.0); // weight decay
        bytes.Write(false); // nesterov
        bytes.Write(false); // maximize
        bytes.Write(true); // there is a velocity
        bytes.Write((byte)6); // Float32
        bytes.Write((byte)1); // dimensions
        bytes.Write((byte)1); // size
        bytes.Write(2.0f);
        Assert.Equal(expected.ToArray(), stream.ToArray());
    }

    [Fact]
    public void Saved_bytes_of_adam_follow_the_format()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = nn.Parameter(tensor(new[] { 1.0f }));
        Adam optimizer = optim.Adam([parameter], 0.5, 0.75, 0.5);
        parameter.grad = tensor(new[] { 2.0f });
        optimizer.step();
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        optimizer.save_state_dict(writer);

        using var expected = new MemoryStream();
        using var bytes = new BinaryWriter(expected);
        bytes.Write("Adam");
        bytes.Write((byte)1);
        bytes.Write((byte)1);
        foreach (double option in new[] { 0.5, 0.5, 0.75, 0.5, 1e-8, 0.0 }) bytes.Write(option);
        bytes.Write(false); // amsgrad
        bytes.Write(false); // maximize
        bytes.Write(1L); // steps
        foreach (float moment in new[] { 0.5f, 2.0f }) // (1 - 0.75) * 2 and (1 - 0.5) * 4
        {
            bytes.Write((byte)6);
            bytes.Write((byte)1);
            bytes.Write((byte)1);
            bytes.Write(moment);
        }
        bytes.Write(false); // no largest mean square
        Assert.Equal(expected.ToArray(), stream.ToArray());
    }

    [Fact]
    public void A_state_of_another_optimiser_is_refused()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = nn.Parameter(ones([1])), other = nn.Parameter(ones([1]));
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        optim.SGD([parameter], 0.1).save_state_dict(writer);
        using var reader = new BinaryReader(stream);
        stream.Position = 0;
        var type = Assert.Throws<InvalidDataException>(() => optim.Adam([parameter]).load_state_dict(reader));
        Assert.Contains("expected 'Adam', but found 'SGD'", type.Message, StringComparison.Ordinal);
        stream.Position = 0;
        var count = Assert.Throws<ArgumentException>(() => optim.SGD([parameter, other], 0.1).load_state_dict(reader));
        Assert.Contains("number of states: expected 2 but got 1", count.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void States_are_listed_by_group()
    {
        using var scope = NewDisposeScope();
        Parameter[] parameters = [nn.Parameter(ones([1])), nn.Parameter(ones([1])), nn.Parameter(ones([1]))];
        var optimizer = optim.AdamW([new AdamW.ParamGroup(parameters[..1]), new AdamW.ParamGroup(parameters[1..], lr: 0.5)]);
        optim.Optimizer.StateDictionary state = optimizer.state_dict();
        Assert.Equal(2, state.Options.Count);
        Assert.Equal(3, state.State.Count);
        Assert.Equal([[0], [1, 2]], state.StateIndexRef);
    }

    [Fact]
    public void Disposing_an_optimiser_frees_its_states_and_not_the_parameters()
    {
        using var scope = NewDisposeScope();
        Parameter parameter = nn.Parameter(ones([1]));
        var optimizer = optim.Adam([parameter]);
        var state = (Adam.State)optimizer.state_dict().State[0];
        optimizer.Dispose();
        Assert.True(state.exp_avg.IsInvalid && state.exp_avg_sq.IsInvalid);
        Assert.False(parameter.IsInvalid);
        optimizer.Dispose();
    }

    private static void Run(Parameter parameter, OptimizerHelper optimizer, int from, int to)
    {
        for (int t = from; t < to; t++)
        {
            double[] values = Numbers.Of(parameter);
            parameter.grad = tensor(values.Select((value, i) => Trajectory.Gradient(value, t, i)).ToArray());
            optimizer.step();
        }
    }
}
