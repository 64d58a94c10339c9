// Calls Merlon with the official Go clients: one JSON request a line in, one JSON answer a line out.
//
// "openapi" is the generic call of darabonba-openapi; "sdk" the typed requests and answers of alibaba-cloud-sdk-go, whose
// structures are written out again: what the SDK could not read is not in them.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	openapiutil "github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/sas"
)

const (
	version     = "2018-12-03"
	readMs      = 20000
	connectMs   = 5000
	requestMax  = 1 << 20
	regionUnset = "cn-hangzhou"
)

type request struct {
	Client, Endpoint, Key, Secret, Action string
	Query                                 map[string]interface{}
}

type refusal struct {
	Kind         string      `json:"kind"`
	Code         string      `json:"code"`
	Message      string      `json:"message"`
	Status       int         `json:"status"`
	RequestID    string      `json:"request_id"`
	AccessDenied interface{} `json:"access_denied"`
}

type answer struct {
	Body    interface{}            `json:"body,omitempty"`
	Status  int                    `json:"status,omitempty"`
	Headers map[string]interface{} `json:"headers,omitempty"`
	Refused *refusal               `json:"refused,omitempty"`
	Broken  string                 `json:"broken,omitempty"`
}

// ---- the generic call ----

func callOpenapi(r request) (*answer, error) {
	client, err := openapi.NewClient(&openapiutil.Config{
		AccessKeyId: dara.String(r.Key), AccessKeySecret: dara.String(r.Secret),
		Endpoint: dara.String(r.Endpoint), Protocol: dara.String("HTTP"),
		ReadTimeout: dara.Int(readMs), ConnectTimeout: dara.Int(connectMs),
	})
	if err != nil {
		return nil, err
	}
	params := &openapiutil.Params{
		Action: dara.String(r.Action), Version: dara.String(version), Protocol: dara.String("HTTP"),
		Pathname: dara.String("/"), Method: dara.String("POST"), AuthType: dara.String("AK"), Style: dara.String("RPC"),
		ReqBodyType: dara.String("formData"), BodyType: dara.String("json"),
	}
	sent := &openapiutil.OpenApiRequest{Query: openapiutil.Query(r.Query)}
	got, err := client.CallApi(params, sent, &dara.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	headers, _ := got["headers"].(map[string]interface{})
	status := 0
	switch code := got["statusCode"].(type) {
	case int:
		status = code
	case *int:
		status = *code
	case json.Number:
		number, _ := code.Int64()
		status = int(number)
	case float64:
		status = int(code)
	}
	return &answer{Body: got["body"], Status: status, Headers: headers}, nil
}

// What the client's errors of refusals have in common.
type cloudError interface {
	GetAccessDeniedDetail() map[string]interface{}
	GetCode() *string
	GetMessage() *string
	GetRequestId() *string
	GetStatusCode() *int
}

func refusedOpenapi(err error) *refusal {
	var sdk *tea.SDKError
	var cloud cloudError

	if errors.As(err, &cloud) {
		return &refusal{Kind: fmt.Sprintf("%T", err), Code: dara.StringValue(cloud.GetCode()),
			Message: dara.StringValue(cloud.GetMessage()), Status: dara.IntValue(cloud.GetStatusCode()),
			RequestID: dara.StringValue(cloud.GetRequestId()), AccessDenied: cloud.GetAccessDeniedDetail()}
	}
	if errors.As(err, &sdk) {
		return &refusal{Kind: fmt.Sprintf("%T", err), Code: dara.StringValue(sdk.Code),
			Message: dara.StringValue(sdk.Message), Status: dara.IntValue(sdk.StatusCode)}
	}
	return nil
}

// ---- the typed SDK ----

func integer(r request, name string) requests.Integer {
	if value, sent := r.Query[name]; sent {
		return requests.Integer(fmt.Sprint(value))
	}
	return ""
}

func text(r request, name string) string {
	if value, sent := r.Query[name]; sent {
		return fmt.Sprint(value)
	}
	return ""
}

func list(r request, name string) *[]string {
	values, sent := r.Query[name].([]interface{})
	if !sent {
		return nil
	}
	out := []string{}
	for _, value := range values {
		out = append(out, fmt.Sprint(value))
	}
	return &out
}

// typed makes the SDK's own request and the structure that its answer is read into. ContentResource is a string there: it is read
// from XML, where the cloud carries it as text.
func typed(r request) (requests.AcsRequest, responses.AcsResponse) {
	switch r.Action {
	case "DescribeRiskCheckResult":
		q := sas.CreateDescribeRiskCheckResultRequest()
		q.AcceptFormat = "XML"
		q.ItemIds, q.Lang, q.Status, q.Name = list(r, "ItemIds"), text(r, "Lang"), text(r, "Status"), text(r, "Name")
		q.PageSize, q.CurrentPage, q.GroupId = integer(r, "PageSize"), integer(r, "CurrentPage"), integer(r, "GroupId")
		return q, sas.CreateDescribeRiskCheckResultResponse()
	case "DescribeRiskCheckItemResult":
		q := sas.CreateDescribeRiskCheckItemResultRequest()
		q.AcceptFormat = "XML"
		q.ItemId, q.Lang, q.PageSize = integer(r, "ItemId"), text(r, "Lang"), integer(r, "PageSize")
		return q, sas.CreateDescribeRiskCheckItemResultResponse()
	case "DescribeRiskCheckSummary":
		q := sas.CreateDescribeRiskCheckSummaryRequest()
		q.Lang = text(r, "Lang")
		return q, sas.CreateDescribeRiskCheckSummaryResponse()
	case "DescribeRiskItemType":
		q := sas.CreateDescribeRiskItemTypeRequest()
		q.Lang = text(r, "Lang")
		return q, sas.CreateDescribeRiskItemTypeResponse()
	case "ModifyRiskCheckStatus":
		q := sas.CreateModifyRiskCheckStatusRequest()
		q.ItemId, q.TaskId, q.Status = integer(r, "ItemId"), integer(r, "TaskId"), text(r, "Status")
		return q, sas.CreateModifyRiskCheckStatusResponse()
	case "ModifyRiskSingleResultStatus":
		q := sas.CreateModifyRiskSingleResultStatusRequest()
		q.Ids, q.TaskId, q.Status = list(r, "Ids"), integer(r, "TaskId"), text(r, "Status")
		return q, sas.CreateModifyRiskSingleResultStatusResponse()
	case "ListCheckResult":
		q := sas.CreateListCheckResultRequest()
		q.Lang, q.PageSize, q.Statuses = text(r, "Lang"), integer(r, "PageSize"), list(r, "Statuses")
		return q, sas.CreateListCheckResultResponse()
	case "ListCheckInstanceResult":
		q := sas.CreateListCheckInstanceResultRequest()
		q.CheckId, q.Lang, q.PageSize = integer(r, "CheckId"), text(r, "Lang"), integer(r, "PageSize")
		return q, sas.CreateListCheckInstanceResultResponse()
	case "StartBaselineSecurityCheck":
		q := sas.CreateStartBaselineSecurityCheckRequest()
		q.Type, q.ItemIds = text(r, "Type"), list(r, "ItemIds")
		return q, sas.CreateStartBaselineSecurityCheckResponse()
	}
	return nil, nil
}

func callSdk(r request) (*answer, error) {
	client, err := sas.NewClientWithAccessKey(regionUnset, r.Key, r.Secret)
	if err != nil {
		return nil, err
	}
	q, into := typed(r)
	if q == nil {
		return nil, fmt.Errorf("the SDK has no %s", r.Action)
	}
	q.SetDomain(r.Endpoint)
	q.SetScheme("http")
	q.SetReadTimeout(readMs * time.Millisecond)
	q.SetConnectTimeout(connectMs * time.Millisecond)
	if err := client.DoAction(q, into); err != nil {
		return nil, err
	}
	headers := map[string]interface{}{}
	for name, values := range into.GetHttpHeaders() {
		headers[name] = values[0]
	}
	return &answer{Body: into, Status: into.GetHttpStatus(), Headers: headers}, nil
}

func refusedSdk(err error) *refusal {
	var server *sdkerrors.ServerError

	if !errors.As(err, &server) {
		return nil
	}
	return &refusal{Kind: fmt.Sprintf("%T", err), Code: server.ErrorCode(), Message: server.Message(),
		Status: server.HttpStatus(), RequestID: server.RequestId()}
}

func answerTo(line []byte) *answer {
	var r request

	if err := json.Unmarshal(line, &r); err != nil {
		return &answer{Broken: err.Error()}
	}
	call, refused := callOpenapi, refusedOpenapi
	if r.Client == "sdk" {
		call, refused = callSdk, refusedSdk
	}
	got, err := call(r)
	if err == nil {
		return got
	}
	if told := refused(err); told != nil {
		return &answer{Refused: told}
	}
	return &answer{Broken: fmt.Sprintf("%T: %v", err, err)}
}

func main() {
	input, output := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	input.Buffer(nil, requestMax)
	for input.Scan() {
		if err := output.Encode(answerTo(input.Bytes())); err != nil {
			os.Exit(1)
		}
	}
}
